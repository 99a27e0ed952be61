import { pino, type Logger } from "pino";
import type { ReplicationClock } from "../../src/replication/clock.ts";
import { ManagedStore } from "../../src/store/managed-store.ts";
import type { Lock, LockOptions, Store, WatchUpdate } from "../../src/store/store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { BreakableBackend } from "../discovery/kv-support.ts";

/** Time that passes when the test says so. */
export class FakeClock implements ReplicationClock {
  /** What is waited for now, milliseconds each. */
  readonly pauses: { readonly ms: number; readonly untilMs: number; readonly end: () => void }[] = [];
  #nowMs = 1_000;
  #epochMs: number;

  constructor(epochMs = Date.UTC(2026, 10, 21)) {
    this.#epochMs = epochMs;
  }

  unixMs(): number {
    return this.#epochMs + this.#nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return 1; // the longest pauses: 0.5, 1, 2, 4, 5 s
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        this.pauses.splice(this.pauses.indexOf(pause), 1);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const pause = { ms, untilMs: this.#nowMs + ms, end };
      this.pauses.push(pause);
      signal.addEventListener("abort", end);
    });
  }

  /** The machine sleeps, and its clock of time that has passed with it. */
  suspend(ms: number): void {
    this.#epochMs += ms;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const pause of [...this.pauses]) if (pause.untilMs <= this.#nowMs) pause.end();
  }
}

/** A log that can be read: `info Leader Election: …`. */
export function readableLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${pino.levels.labels[level] ?? ""} ${msg}`);
  };
  return { log: pino({ level: "info", base: null }, { write }), lines };
}

/** Polls until it is so; fails after five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Lets everything run that only waits for its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A store in memory whose clock and failures are the test's; stores of one tree are one store seen by several managers. */
export function memoryStore(tree?: BreakableBackend["tree"]) {
  const backend = new BreakableBackend(tree);
  const time = { nowMs: 0 };
  const store = new ManagedStore(backend, { name: "memory://", now: () => time.nowMs });
  return { store, backend, tree: backend.tree, time };
}

/** A lock the test takes away, with or without a word. */
export class FakeLock implements Lock {
  readonly freeWithinMs: number;
  isOver = false;
  releases = 0;
  doubts = 0;
  readonly #lost = new AbortController();

  constructor(freeWithinMs: number) {
    this.freeWithinMs = freeWithinMs;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  held(): boolean {
    if (this.isOver) this.lose();
    return !this.#lost.signal.aborted;
  }

  lose(): void {
    this.isOver = true;
    this.#lost.abort(new StoreError("conflict", "the lock is gone"));
  }

  doubt(): void {
    this.doubts++;
  }

  release(): Promise<void> {
    this.releases++;
    this.lose();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/** A store in memory that gives its lock when the test says so. */
export class LockingStore extends ManagedStore {
  readonly backend: BreakableBackend;
  /** What was asked for, each time. */
  readonly asked: { readonly key: string; readonly value: string; readonly options: LockOptions }[] = [];
  readonly #answers: ((result: Lock | Error) => void)[] = [];

  constructor(backend = new BreakableBackend()) {
    super(backend, { name: "memory://" });
    this.backend = backend;
  }

  override async lock(key: string, value: string, options: LockOptions): Promise<Lock> {
    this.asked.push({ key, value, options });
    return await new Promise<Lock>((resolve, reject) => {
      options.signal?.addEventListener("abort", () => reject(options.signal?.reason as Error));
      this.#answers.push((result) => (result instanceof Error ? reject(result) : resolve(result)));
    });
  }

  /** Answers the oldest question for the lock. */
  async give<T extends Lock | Error>(result: T): Promise<T> {
    await until("somebody asks for the lock", () => this.#answers.length > 0);
    this.#answers.shift()?.(result);
    return result;
  }
}

/** A watch whose updates are the test's. */
export class FakeWatch implements Pick<Store, "watch"> {
  #updates: WatchUpdate[] = [];
  #wake = (): void => undefined;
  #failure: Error | undefined;

  state(...values: string[]): void {
    this.#say({ kind: "state", entries: values.map((value) => ({ key: "k", value, revision: "1" })) });
  }

  error(text = "no answer"): void {
    this.#say({ kind: "error", error: new StoreError("unreachable", text) });
  }

  throw(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  async *watch(_target: unknown, signal: AbortSignal): AsyncGenerator<WatchUpdate, void> {
    while (!signal.aborted) {
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure !== undefined) throw failure;
      const update = this.#updates.shift();
      if (update !== undefined) {
        yield update;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  #say(update: WatchUpdate): void {
    this.#updates.push(update);
    this.#wake();
  }
}
