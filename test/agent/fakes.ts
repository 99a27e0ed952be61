import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import type { Registrar } from "../../discovery/types.ts";
import { Agent } from "../../src/agent/agent.ts";
import type { Rhythm } from "../../src/agent/rhythm.ts";
import type { Probe } from "../../src/agent/types.ts";

/** Time that passes only when a test says so. */
export class FakeClock {
  #now = 0;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  readonly now = (): number => this.#now;

  readonly pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", wake);
      if (signal.aborted) wake();
    });

  /** Lets so much time pass, each sleeper waking in its turn. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await setImmediate();
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = end;
  }

  /** Who still waits: a test that is over leaves nobody. */
  get sleepers(): number {
    return this.#sleepers.size;
  }
}

/** A discovery service that a test makes fail, hang or forget. */
export class FakeRegistrar implements Registrar {
  readonly #clock: FakeClock;
  /** `1.5s register 10.0.0.1:2375 180s`: when, what, how long it is to live. */
  readonly calls: string[] = [];
  /** What the next calls do; empty: they work. */
  readonly next: ("fail" | "hang" | "ignore")[] = [];
  watches = 0;
  #lose: (() => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  register(address: string, ttlMs: number, signal: AbortSignal): Promise<void> {
    return this.#call(`register ${address} ${ttlMs / 1000}s`, signal);
  }

  deregister(address: string, signal: AbortSignal): Promise<void> {
    return this.#call(`deregister ${address}`, signal);
  }

  async lost(_address: string, signal: AbortSignal): Promise<void> {
    this.watches++;
    await new Promise<void>((resolve, reject) => {
      this.#lose = resolve;
      this.#fail = reject;
      signal.addEventListener("abort", () => resolve());
    });
  }

  /** The entry vanishes, and the service says so. */
  lose(): void {
    this.#lose?.();
  }

  /** Whoever waits for that fails, against the contract. */
  cannotTell(): void {
    this.#fail?.(new Error("not told"));
  }

  /** Times of the calls that begin like this, in seconds. */
  times(what: string): number[] {
    return this.calls.filter((call) => call.includes(` ${what}`)).map((call) => Number.parseFloat(call));
  }

  async #call(what: string, signal: AbortSignal): Promise<void> {
    this.calls.push(`${this.#clock.now() / 1000}s ${what}`);
    const how = this.next.shift();
    if (how === "fail") throw new Error("the store is down");
    if (how === "hang")
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
    if (how === "ignore") await new Promise(() => undefined);
  }
}

/** One agent in a world of its own. */
export interface Scene {
  readonly agent: Agent;
  readonly clock: FakeClock;
  readonly registrar: FakeRegistrar;
  /** `info Registering …`. */
  readonly logged: string[];
  /** What the next looks at the engine find, the last for ever. */
  readonly engine: (string | undefined)[];
  readonly stop: AbortController;
  /** The agent's life. */
  readonly running: Promise<void>;
}

/** Starts an agent; no jitter, an engine that answers and a service that works unless the test says otherwise. */
export async function startAgent({
  address = "10.0.0.1:2375",
  rhythm = {},
  random = 0.5,
  engine = [undefined],
  next = [],
  probe = () => Promise.resolve(engine.length > 1 ? engine.shift() : engine[0]),
}: {
  readonly address?: string;
  readonly rhythm?: Partial<Rhythm>;
  readonly random?: number;
  readonly engine?: (string | undefined)[];
  readonly next?: FakeRegistrar["next"];
  /** Instead of `engine`. */
  readonly probe?: Probe;
} = {}): Promise<Scene> {
  const clock = new FakeClock();
  const registrar = new FakeRegistrar(clock);
  registrar.next.push(...next);
  const logged: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    logged.push(`${level} ${msg}`);
  };
  const agent = new Agent({
    address,
    rhythm: { heartbeatMs: 60_000, ttlMs: 300_000, delayMs: 0, ...rhythm },
    registrar,
    discovery: "fake://store",
    log: pino({ formatters: { level: (level) => ({ level }) } }, { write }),
    world: {
      now: clock.now,
      pause: clock.pause,
      random: () => random,
      probe,
    },
  });
  const stop = new AbortController();
  const running = agent.run(stop.signal);
  await clock.pass(0);
  return { agent, clock, registrar, logged, engine, stop, running };
}
