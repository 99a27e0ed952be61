import type { ContainerCreateBody, ContainerSummary, EngineEvent } from "../docker/types.ts";
import { withListed, withState } from "./changed-record.ts";
import { SWARM_ID_LABEL, type ContainerRecord } from "./container-record.ts";
import { saysState } from "./listed-status.ts";
import {
  attachesMore,
  choosesPorts,
  isCreateOf,
  mustBeRead,
  toldContainer,
  type ToldContainer,
} from "./told-container.ts";
import { toldState } from "./told-state.ts";

/** How long the event of a create may come after its answer, milliseconds. It usually comes before. */
const LATE_MS = 50;
/** Containers asked for in one list. */
const MAX_IDS = 100;
/** Lists asked for in a row. */
const MAX_LISTS = 100;

/** What {@link ToldContainers} needs of the cache around it. */
export interface ToldHome {
  /** Everything must be read: rules look at what no event tells. */
  readonly exact: boolean;
  get(id: string): ContainerRecord | undefined;
  /** Takes it into the inventory, unless it was dropped meanwhile. */
  set(container: ToldContainer): void;
  /** Takes it in place of the record that is there. */
  replace(record: ContainerRecord): void;
  isBeingRead(id: string): boolean;
  /** Reads it in full, from now on at the earliest. */
  read(id: string): Promise<void>;
  list(ids: readonly string[]): Promise<ContainerSummary[]>;
  /** From now on there is something to {@link ToldContainers.settle}, or nothing any more. */
  behind(isBehind: boolean): void;
}

interface Expected {
  readonly body: ContainerCreateBody;
  id: string | undefined;
  arrived: (() => void) | undefined;
}

/** A create that is under way. */
export interface Expectation extends Disposable {
  /**
   * The engine has answered with this ID.
   * @returns whether its event has told the rest, now or a moment later; else the container must be read
   */
  told(id: string): boolean | Promise<boolean>;
}

/**
 * Containers of one engine that are known from what its events tell, without asking: at a thousand creates a second there is no time for more. What
 * lists show beyond that is read when somebody lists, all of them together, or by the engine's next sweep.
 */
export class ToldContainers {
  readonly #home: ToldHome;
  readonly #expected = new Map<string, Expected>();
  /** Those whose list entry is not read yet. */
  readonly #stale = new Set<string>();
  #settling: Promise<void> | undefined;

  constructor(home: ToldHome) {
    this.#home = home;
  }

  /** A container with this swarm ID and body is being made here. */
  expect(swarmId: string, body: ContainerCreateBody): Expectation {
    const expected: Expected = { body, id: undefined, arrived: undefined };
    const needsMore = mustBeRead(body.Labels ?? {}, body.HostConfig?.NetworkMode) || attachesMore(body);
    if (swarmId !== "" && !this.#home.exact && !needsMore) this.#expected.set(swarmId, expected);
    return {
      told: (id) => this.#told(swarmId, expected, id),
      [Symbol.dispose]: () => {
        if (this.#expected.get(swarmId) === expected) this.#expected.delete(swarmId);
      },
    };
  }

  /** @returns whether the event has been dealt with; else its container must be read */
  follow(event: EngineEvent, id: string): boolean {
    if (this.#home.exact) return false;
    const known = this.#home.get(id);
    if (known === undefined) return this.#adopt(event);
    if (mustBeRead(known.labels, known.inspect.HostConfig.NetworkMode) || this.#home.isBeingRead(id))
      return false;
    if (event.Action === "create") return true;
    if (event.Action === "start" && choosesPorts(known.inspect.HostConfig)) return false;
    const told = toldState(known.inspect.State, event);
    if (told.kind === "unsaid") return false;
    if (told.kind === "state") this.#home.replace(withState(known, told.state));
    this.#note(id);
    return true;
  }

  /**
   * The engine says that it has started the container.
   * @param before when it had been started last, as far as was known when the engine was asked: a short run may have ended by now
   * @returns whether that is known now; else the container must be read
   */
  started(id: string, before: string | undefined, engineTimeMs: number): boolean {
    const known = this.#home.get(id);
    if (known?.told === true && known.inspect.State.StartedAt !== before) return true;
    return this.follow(
      { Action: "start", Actor: { ID: id }, timeNano: BigInt(Math.trunc(engineTimeMs)) * 1_000_000n },
      id,
    );
  }

  /** A container was read in full, or is gone. */
  wasRead(id: string): void {
    if (this.#stale.delete(id) && this.isSettled) this.#home.behind(false);
  }

  forgetAll(): void {
    if (!this.isSettled) this.#home.behind(false);
    this.#stale.clear();
  }

  get isSettled(): boolean {
    return this.#stale.size === 0;
  }

  /** Reads what lists show of the containers that events have told of. Never rejects. */
  settle(): Promise<void> {
    return (this.#settling ??= this.#settle().finally(() => (this.#settling = undefined)));
  }

  /**
   * Takes what a list of all containers shows of those that events have told of. Where it says something else, the container looks changed.
   * @param before what was known when the list was asked for: an event that came since knows better
   */
  takeListed(listed: readonly ContainerSummary[], before: ReadonlyMap<string, ContainerRecord>): void {
    if (this.isSettled) return;
    for (const summary of listed) {
      const { Id: id } = summary;
      const known = this.#home.get(id);
      if (known === undefined || known !== before.get(id) || !this.#stale.has(id)) continue;
      this.wasRead(id);
      if (saysState(known.inspect.State, summary)) this.#take(known, summary);
    }
  }

  #adopt(event: EngineEvent): boolean {
    const swarmId = event.Actor?.Attributes?.[SWARM_ID_LABEL] ?? "";
    const expected = this.#expected.get(swarmId);
    if (event.Action !== "create" || expected === undefined || !isCreateOf(event, swarmId)) return false;
    const container = toldContainer(expected.body, event);
    // What the image has labels for may need more.
    const { Labels: labels } = container.inspect.Config;
    if (mustBeRead(labels ?? {}, undefined)) return false;
    this.#home.set(container);
    expected.id = container.inspect.Id;
    expected.arrived?.();
    this.#note(container.inspect.Id);
    return true;
  }

  #told(swarmId: string, expected: Expected, id: string): boolean | Promise<boolean> {
    const isKnown = (): boolean => expected.id === id && this.#home.get(id) !== undefined;
    if (expected.id !== undefined || this.#expected.get(swarmId) !== expected) return isKnown();
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(isKnown()), LATE_MS);
      expected.arrived = () => {
        clearTimeout(timer);
        resolve(isKnown());
      };
    });
  }

  #note(id: string): void {
    if (this.isSettled) this.#home.behind(true);
    this.#stale.add(id);
  }

  async #settle(): Promise<void> {
    // What goes on changing is left to the next sweep.
    for (let lists = 0; this.#stale.size > 0 && lists < MAX_LISTS; lists++) {
      const ids = [...this.#stale].slice(0, MAX_IDS);
      const before = ids.map((id) => this.#home.get(id));
      for (const id of ids) this.wasRead(id);
      try {
        const listed = new Map((await this.#home.list(ids)).map((summary) => [summary.Id, summary]));
        await Promise.all(ids.flatMap((id, at) => this.#compare(id, before[at], listed.get(id)) ?? []));
      } catch {
        // The engine cannot be asked now.
        for (const id of ids) if (this.#home.get(id) !== undefined) this.#note(id);
        return;
      }
    }
  }

  /**
   * @param before what was known when the list was asked for: an event that came since knows better
   * @returns the end of a reading, where there is one
   */
  #compare(
    id: string,
    before: ContainerRecord | undefined,
    summary: ContainerSummary | undefined,
  ): Promise<void> | undefined {
    const known = this.#home.get(id);
    if (known === undefined || before === undefined) return undefined;
    if (known !== before) this.#note(id);
    else if (summary === undefined || !saysState(known.inspect.State, summary)) return this.#home.read(id);
    else this.#take(known, summary);
    return undefined;
  }

  #take(known: ContainerRecord, summary: ContainerSummary): void {
    const now = withListed(known, summary);
    if (now === undefined) {
      const { inspect } = known;
      const Labels = summary.Labels ?? inspect.Config.Labels ?? {};
      this.#home.set({ summary, inspect: { ...inspect, Config: { ...inspect.Config, Labels } } });
    } else if (now !== known) this.#home.replace(now);
  }
}
