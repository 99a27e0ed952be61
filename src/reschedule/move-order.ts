import { parseExpression } from "../../filters/expression.ts";
import { compilePattern } from "../../filters/pattern.ts";
import { readExpressionSources } from "../scheduler/expression-sources.ts";
import type { WantedContainer } from "./wanted/wanted.ts";

/** What an order is made of: a container that moves. */
export type Moving = Pick<WantedContainer, "swarmId" | "name" | "formerIds" | "last" | "create">;

/** For each container that must wait: the swarm IDs of those it waits for. Nothing waits for itself, not even through others. */
export type MoveOrder = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Who goes first when containers move together (spec: node-lifecycle.md §7.4 #13): those that others link to, share something with, or want to be
 * near. In a circle somebody has to begin. Pure; what cannot be read orders nothing.
 */
export function moveOrder(moving: readonly Moving[]): MoveOrder {
  const index = new MovingIndex(moving);
  const wishes = new Map(moving.map((each) => [each.swarmId, index.followedBy(each)]));
  return withoutCircles(wishes);
}

/** Finds containers that move by the ways others refer to them. */
class MovingIndex {
  readonly #all: readonly Moving[];
  readonly #byReference = new Map<string, string>();
  /** Label key, then value, then the first container that has it. */
  readonly #byLabel = new Map<string, Map<string, string>>();
  /** Many containers share one expression. */
  readonly #found = new Map<string, string | undefined>();

  constructor(moving: readonly Moving[]) {
    this.#all = moving;
    for (const { swarmId, name, formerIds, last, create } of moving) {
      for (const reference of [swarmId, last.containerId, ...formerIds]) {
        this.#byReference.set(reference, swarmId).set(reference.slice(0, 12), swarmId);
      }
      if (name !== "") this.#byReference.set(name, swarmId);
      for (const [key, value] of Object.entries(labelsOf(create.body))) {
        const values = this.#byLabel.get(key) ?? new Map<string, string>();
        this.#byLabel.set(key, values);
        if (!values.has(value)) values.set(value, swarmId);
      }
    }
  }

  /** The swarm IDs of those this container follows. */
  followedBy({ swarmId, create }: Moving): Set<string> {
    const found = new Set<string>();
    for (const reference of dependencies(create.body)) {
      const target = this.#byReference.get(reference);
      if (target !== undefined) found.add(target);
    }
    for (const expression of affinities(create.body)) {
      const target = this.#near(expression);
      if (target !== undefined) found.add(target);
    }
    found.delete(swarmId);
    return found;
  }

  /**
   * The first of those an affinity wants to be near: when it has its place, the others have theirs. Of a group whose members all want to be
   * together, the first one goes ahead and the others follow side by side.
   */
  #near(text: string): string | undefined {
    if (!this.#found.has(text)) this.#found.set(text, this.#search(text));
    return this.#found.get(text);
  }

  #search(text: string): string | undefined {
    try {
      const { key, operator, value } = parseExpression(text, { modern: true });
      if (operator === "!=" || key === "image") return undefined;
      const pattern = compilePattern(value);
      if (key === "container") {
        return this.#all.find(
          ({ name, swarmId, last }) =>
            pattern.matches(name) || pattern.matches(swarmId) || pattern.matches(last.containerId),
        )?.swarmId;
      }
      for (const [label, first] of this.#byLabel.get(key) ?? []) if (pattern.matches(label)) return first;
      return undefined;
    } catch {
      return undefined;
    }
  }
}

/** Walks each container's wishes in depth; a wish that leads back to where it came from is dropped. */
function withoutCircles(wishes: ReadonlyMap<string, ReadonlySet<string>>): MoveOrder {
  const order = new Map<string, Set<string>>();
  const state = new Map<string, "open" | "done">();
  for (const start of wishes.keys()) {
    // No recursion: a chain may be as long as there are containers.
    const path: { readonly at: string; readonly rest: Iterator<string> }[] = [];
    const enter = (at: string): void => {
      state.set(at, "open");
      path.push({ at, rest: (wishes.get(at) ?? NOBODY).values() });
    };
    if (!state.has(start)) enter(start);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const next = step.rest.next();
      if (next.done === true) {
        state.set(step.at, "done");
        path.pop();
      } else if (state.get(next.value) !== "open") {
        order.set(step.at, (order.get(step.at) ?? new Set()).add(next.value));
        if (!state.has(next.value)) enter(next.value);
      }
    }
  }
  return order;
}

const NOBODY: ReadonlySet<string> = new Set();

type Body = Moving["create"]["body"];

function labelsOf({ Labels }: Body): Readonly<Record<string, string>> {
  return Labels ?? {};
}

function affinities({ Labels, Env }: Body): readonly string[] {
  try {
    return readExpressionSources(Labels ?? {}, Env ?? [], false).lists.affinities;
  } catch {
    return [];
  }
}

/** References of links, shared volumes and shared namespaces. */
function dependencies({ HostConfig }: Body): readonly string[] {
  const { VolumesFrom, Links, NetworkMode, PidMode, IpcMode } = (HostConfig ?? {}) as Record<string, unknown>;
  const listed = [VolumesFrom, Links].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const joined = [NetworkMode, PidMode, IpcMode].flatMap((mode) =>
    typeof mode === "string" && mode.startsWith(CONTAINER_MODE) ? [mode.slice(CONTAINER_MODE.length)] : [],
  );
  const texts = listed.filter((entry): entry is string => typeof entry === "string");
  return [...texts.map((text) => text.split(":", 1)[0] ?? ""), ...joined].map(bare);
}

const CONTAINER_MODE = "container:";
const bare = (reference: string): string => (reference.startsWith("/") ? reference.slice(1) : reference);
