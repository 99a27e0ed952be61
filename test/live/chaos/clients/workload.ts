import { setTimeout as sleep } from "node:timers/promises";
import { dockerCli } from "../../../lab/docker-cli.ts";
import type { SeededRandom } from "../plan/random.ts";
import type { ChaosManager } from "../world/chaos-manager.ts";
import { ask } from "../world/http.ts";
import { fateOf } from "./history.ts";
import type { ClientAction, Fate, History, Operation } from "./history.ts";
import { intentOf, lateEffects } from "./intent.ts";
import type { Intent, Known } from "./intent.ts";
import { createBody, runArguments } from "./requests.ts";
import { slots } from "./slots.ts";
import type { Slot } from "./slots.ts";

/** A container a client works on. */
interface Held {
  readonly token: string;
  readonly name: string;
  /** Known since all was quiet. */
  readonly id?: string;
  /** What its client takes it to be. */
  readonly state: "stopped" | "running";
  /** The last operation's fate is unknown: only the same again is allowed until all is quiet. */
  readonly onlyAgain?: ClientAction;
}

/** A container as it was found when all was quiet. */
export interface Present {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
}

/** So long after it was cut, a request may still reach an engine: the kernel of a manager that was killed sends it again and again, milliseconds. */
const LATE_MS = 60_000;

/** Clients that create, start, stop, rename and remove containers, and write down what they were told. They give up on nothing. */
export class Workload {
  readonly history: History;
  readonly #managers: readonly ChaosManager[];
  readonly #held = new Map<string, Held | "unknown">();
  readonly #settled = new Map<string, Known>();
  #tokens = 0;

  constructor(history: History, managers: readonly ChaosManager[]) {
    this.history = history;
    this.#managers = managers;
  }

  /** What clients may find of each container. */
  intents(): ReadonlyMap<string, Intent> {
    const intents = new Map<string, Intent>();
    for (const [token, operations] of this.history.byToken()) {
      const intent = intentOf(operations, this.#settled.get(token));
      if (intent !== undefined) intents.set(token, intent);
    }
    return intents;
  }

  /** All is quiet, and this is what is there; only what was cut just before may yet come. Gives the tokens of what is gone. */
  settle(present: ReadonlyMap<string, Present>): ReadonlySet<string> {
    const gone = new Set<string>();
    const now = Date.now();
    const operations = this.history.byToken();
    for (const [token, intent] of this.intents()) {
      const copy = present.get(token);
      if (copy === undefined) {
        gone.add(token);
        continue;
      }
      const state = copy.running ? "running" : "stopped";
      // A container without the policy may have ended with its engine; its client sees that now.
      const found: Intent = {
        ...intent,
        states: new Set([state]),
        names: new Set([copy.name]),
        acknowledged: true,
      };
      const late = lateEffects(operations.get(token) ?? [], now - LATE_MS);
      this.#settled.set(token, { intent: found, fromMs: now, late });
    }
    for (const token of gone) this.#settled.delete(token);
    this.history.forget(gone);
    for (const slot of slots) {
      const found = [...present].find(([each]) => slotOf(each) === slot.name);
      if (found === undefined) this.#held.delete(slot.name);
      else {
        const [token, { id, name, running }] = found;
        this.#held.set(slot.name, { token, name, id, state: running ? "running" : "stopped" });
      }
    }
    return gone;
  }

  /** Works until the signal, then waits for the answers to what was asked. */
  async run(random: SeededRandom, signal: AbortSignal): Promise<void> {
    const own = slots.filter(({ contested }) => contested !== true);
    const shares = [0, 1, 2, 3].map((share) => own.filter((_, index) => index % 4 === share));
    const clients = shares.map((share) => this.#client(share, random.fork(), signal));
    const rivals = slots
      .filter(({ contested }) => contested === true)
      .flatMap((slot) => [0, 1].map((rival) => this.#rival(slot, rival, random.fork(), signal)));
    await Promise.all([...clients, ...rivals]);
  }

  /** Works on a few slots, one thing at a time. */
  async #client(own: readonly Slot[], random: SeededRandom, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#step(random.pick(own), random);
      await pause(random.integer(150, 600), signal);
    }
  }

  async #step(slot: Slot, random: SeededRandom): Promise<void> {
    const held = this.#held.get(slot.name);
    if (held === "unknown") return;
    if (held === undefined) {
      await (random.chance(0.2) ? this.#run(slot, random) : this.#create(slot, random));
      return;
    }
    const action = held.onlyAgain ?? nextAction(held, slot, random);
    if (action !== undefined) await this.#change(slot, held, action, random);
  }

  /** Wants a name that others want too; whoever gets it keeps it for a moment. */
  async #rival(slot: Slot, rival: number, random: SeededRandom, signal: AbortSignal): Promise<void> {
    const key = `${slot.name}.${String(rival)}`;
    const left = this.#held.get(slot.name);
    if (rival === 0 && left !== undefined && left !== "unknown") {
      const common = { action: "remove", token: left.token, name: left.name, policy: slot.policy } as const;
      await this.#ask(common, random, {
        method: "DELETE",
        path: `/containers/${left.id ?? left.name}?force=1`,
      });
    }
    while (!signal.aborted) {
      const token = this.#token(key);
      const { fate, id } = await this.#ask(
        { action: "create", token, name: slot.name, policy: slot.policy },
        random,
        { method: "POST", path: `/containers/create?name=${slot.name}`, body: createBody(slot, token) },
      );
      if (fate === "unknown") return; // whether it is there is known when all is quiet
      if (fate === "done" && id !== undefined) {
        const common = { token, name: slot.name, policy: slot.policy };
        const started = await this.#ask({ ...common, action: "start" }, random, {
          method: "POST",
          path: `/containers/${id}/start`,
        });
        await pause(random.integer(500, 2500), signal);
        if (started.fate === "unknown") return;
        await this.#removeAtLast({ ...common, action: "remove" }, id, random, signal);
      }
      await pause(random.integer(300, 1500), signal);
    }
  }

  /** Says it again until it is done, or all are to stop. */
  async #removeAtLast(
    operation: Omit<Operation, "manager" | "beganMs" | "end">,
    id: string,
    random: SeededRandom,
    signal: AbortSignal,
  ): Promise<void> {
    let fate: Fate = "refused";
    while (fate !== "done" && !signal.aborted) {
      ({ fate } = await this.#ask(operation, random, {
        method: "DELETE",
        path: `/containers/${id}?force=1`,
      }));
      if (fate !== "done") await pause(1000, signal);
    }
  }

  async #create(slot: Slot, random: SeededRandom): Promise<void> {
    const token = this.#token(slot.name);
    const { fate } = await this.#ask(
      { action: "create", token, name: slot.name, policy: slot.policy },
      random,
      {
        method: "POST",
        path: `/containers/create?name=${slot.name}`,
        body: createBody(slot, token),
      },
    );
    if (fate === "done") this.#held.set(slot.name, { token, name: slot.name, state: "stopped" });
    if (fate === "unknown") this.#held.set(slot.name, "unknown");
  }

  /** The real client, which creates and starts. */
  async #run(slot: Slot, random: SeededRandom): Promise<void> {
    const token = this.#token(slot.name);
    const manager = random.pick(this.#managers);
    const done = this.history.begin({
      action: "run",
      token,
      name: slot.name,
      policy: slot.policy,
      manager: manager.name,
      beganMs: Date.now(),
    });
    const { code, stdout, stderr } = await dockerCli(manager.url, runArguments(slot, token), {
      timeoutMs: 20_000,
    });
    if (code === 0) {
      done({ kind: "answered", status: 201, message: "", id: stdout.trim() });
      this.#held.set(slot.name, { token, name: slot.name, state: "running" });
      return;
    }
    done({ kind: "answered", status: 500, message: stderr.trim() });
    this.#held.set(slot.name, "unknown");
  }

  async #change(slot: Slot, held: Held, action: ClientAction, random: SeededRandom): Promise<void> {
    const newName = held.name === slot.name ? `${slot.name}-b` : slot.name;
    const { token, name } = held;
    const request = {
      start: { method: "POST", path: `/containers/${name}/start` },
      stop: { method: "POST", path: `/containers/${name}/stop?t=1` },
      remove: { method: "DELETE", path: `/containers/${name}?force=1` },
      rename: { method: "POST", path: `/containers/${name}/rename?name=${newName}` },
    }[action as "start" | "stop" | "remove" | "rename"];
    const common = { action, token, name, policy: slot.policy };
    const { fate } = await this.#ask(action === "rename" ? { ...common, newName } : common, random, request);
    if (fate === "unknown") {
      // A name that may have changed is no way to say it again.
      if (action === "rename") this.#held.set(slot.name, "unknown");
      else this.#held.set(slot.name, { ...held, onlyAgain: action });
    }
    if (fate !== "done") return;
    const again = held.onlyAgain === undefined ? {} : { onlyAgain: held.onlyAgain };
    if (action === "remove") {
      // An earlier one that was cut may come late, but it names what is gone: a new container would be hit by it.
      if (held.onlyAgain === undefined) this.#held.delete(slot.name);
      else this.#held.set(slot.name, "unknown");
    } else {
      const state = action === "start" ? "running" : action === "stop" ? "stopped" : held.state;
      this.#held.set(slot.name, { token, name: action === "rename" ? newName : name, state, ...again });
    }
  }

  async #ask(
    operation: Omit<Operation, "manager" | "beganMs" | "end">,
    random: SeededRandom,
    request: { readonly method: string; readonly path: string; readonly body?: unknown },
  ): Promise<{ readonly fate: Fate; readonly id: string | undefined }> {
    const manager = random.pick(this.#managers);
    const done = this.history.begin({ ...operation, manager: manager.name, beganMs: Date.now() });
    const { method, path, body } = request;
    const { outcome } = await ask(manager.http + path, { method, body, timeoutMs: 20_000 });
    const ended = done(outcome);
    return { fate: fateOf(ended), id: outcome.kind === "answered" ? outcome.id : undefined };
  }

  #token(slot: string): string {
    this.#tokens += 1;
    return `${slot}#${String(this.#tokens)}`;
  }
}

/** The slot a token belongs to: `busy-1` of `busy-1#17`, `wanted-1` of `wanted-1.0#18`. */
export function slotOf(token: string): string {
  return token.replace(/(\.\d+)?#\d+$/, "");
}

function nextAction({ state }: Held, slot: Slot, random: SeededRandom): ClientAction | undefined {
  const draw = random.next();
  if (state === "stopped") return draw < 0.8 || slot.steady ? "start" : "remove";
  if (slot.steady) return undefined;
  if (draw < 0.2) return "stop";
  if (draw < 0.4) return "remove";
  return draw < 0.5 ? "rename" : undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
