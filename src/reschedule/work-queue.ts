import { errorText } from "../errors.ts";
import { Attempts, type Failure } from "./attempts.ts";
import type { MoveOrder } from "./move-order.ts";
import { Places, type Alarm } from "./places.ts";

/** Something to be done until it works, or its reason is gone. */
export interface Work {
  /** One at a time per key. */
  readonly key: string;
  /** Work of another kind starts over. */
  readonly kind: string;
  /**
   * @param signal fires at the deadline, when the work is cancelled, and when the queue stops
   * @returns whether anything was done; either way it is over
   */
  readonly attempt: (signal: AbortSignal) => Promise<boolean>;
}

export interface WorkState {
  readonly kind: string;
  readonly running: boolean;
  readonly attempts: number;
  /** `""`: none yet. */
  readonly lastError: string;
  /** Unix milliseconds; undefined while it runs. */
  readonly nextTryMs: number | undefined;
}

export interface WorkQueueOptions {
  /** Pieces of work under way at once. */
  readonly parallel: number;
  /** Of one attempt, milliseconds. */
  readonly timeoutMs: number;
  /** The longest pause between attempts, milliseconds. */
  readonly retryMaxMs: number;
  readonly failed: (key: string, failure: Failure) => void;
  /** It is over. @param done something was done */
  readonly ended: (key: string, done: boolean) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly after: Alarm;
}

/** Work that succeeded and is wanted again within this time did not help: it waits as if it had failed, milliseconds. */
const RELAPSE_MS = 60_000;
const MAX_RELAPSES = 50_000;

interface Task {
  work: Work;
  attempts: Attempts;
  /** Set while an attempt is under way. */
  abort: AbortController | undefined;
  /** Taken out of the queue when its attempt has ended. */
  cancelled: boolean;
  /** How many keys it still waits for. */
  blockers: number;
  followers: Task[];
  nextTryMs: number;
  stopAlarm: (() => void) | undefined;
}

/**
 * Work by key, so many at once, each tried again with growing pauses for as long as it is wanted. What others follow goes first, once. A piece that
 * is stuck keeps nobody waiting (spec: node-lifecycle.md §8 «Work queue», «Retry»).
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #tasks = new Map<string, Task>();
  readonly #ready = new Set<Task>();
  readonly #onceKeys = new Set<string>();
  readonly #relapses = new Map<
    string,
    { readonly kind: string; readonly attempts: number; readonly atMs: number }
  >();
  readonly #places: Places;
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#places = new Places({ ...options, freed: () => this.#pump() });
  }

  /** Makes sure that this is being worked on. What is under way already goes on; what waits for its next try goes on waiting. */
  offer(works: readonly Work[], order: MoveOrder): void {
    if (this.#stopped) return;
    const added = works.flatMap((work) => this.#add(work) ?? []);
    for (const task of added) {
      for (const key of order.get(task.work.key) ?? []) {
        const leader = this.#tasks.get(key);
        if (leader === undefined || leader === task || leader.attempts.count > 0) continue;
        leader.followers.push(task);
        task.blockers++;
      }
    }
    for (const task of added) this.#schedule(task, this.#relapsePauseMs(task));
    this.#pump();
  }

  /** Its reason is gone. */
  cancel(key: string, why: string): void {
    const task = this.#tasks.get(key);
    if (task === undefined) return;
    task.cancelled = true;
    if (task.abort !== undefined) task.abort.abort(new Error(why));
    else this.#remove(task);
  }

  state(key: string): WorkState | undefined {
    const task = this.#tasks.get(key);
    if (task === undefined) return undefined;
    const running = task.abort !== undefined;
    const { count, lastError } = task.attempts;
    return {
      kind: task.work.kind,
      running,
      attempts: count,
      lastError,
      nextTryMs: running ? undefined : task.nextTryMs,
    };
  }

  /** Tries this one now. @returns whether there is one */
  retry(key: string): boolean {
    const task = this.#tasks.get(key);
    if (task === undefined) return false;
    if (task.abort === undefined) this.#schedule(task, 0);
    this.#pump();
    return true;
  }

  /** Things look better than at the last attempts: all of them are tried again within so many milliseconds. */
  retryAll(withinMs: number): void {
    for (const task of this.#tasks.values()) {
      const ms = this.#options.random() * withinMs;
      if (task.abort === undefined && task.nextTryMs > this.#options.now() + ms) this.#schedule(task, ms);
    }
    this.#pump();
  }

  /** Is anything being done, or to be done, under this key? */
  isBusy(key: string): boolean {
    return this.#tasks.has(key) || this.#onceKeys.has(key);
  }
  /** Is something under way that is done once? */
  isOnce(key: string): boolean {
    return this.#onceKeys.has(key);
  }

  /**
   * Does something once, when there is room. The caller has seen that the key is not busy.
   * @param signal ends the waiting; the work gets it with the deadline added
   * @throws what the work throws, and the signal's reason when it fires while waiting
   */
  async once<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#onceKeys.add(key);
    try {
      return await this.#places.inTurn(signal, work);
    } finally {
      this.#onceKeys.delete(key);
    }
  }

  /** Ends everything; resolves when nothing runs any more, or what runs cannot be ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const task of [...this.#tasks.values()])
      this.cancel(task.work.key, "this manager does not lead any more");
    await this.#places.stop();
  }

  /** @returns the new task; undefined: it is there already */
  #add(work: Work): Task | undefined {
    const known = this.#tasks.get(work.key);
    if (known !== undefined) {
      if (known.abort !== undefined) return undefined;
      if (known.work.kind === work.kind) {
        known.work = work; // what it is about may have changed since it was offered first
        return undefined;
      }
      this.#remove(known);
    }
    const task: Task = {
      work,
      attempts: new Attempts(),
      abort: undefined,
      cancelled: false,
      blockers: 0,
      followers: [],
      nextTryMs: this.#options.now(),
      stopAlarm: undefined,
    };
    this.#tasks.set(work.key, task);
    return task;
  }

  #remove(task: Task): void {
    task.stopAlarm?.();
    this.#ready.delete(task);
    if (this.#tasks.get(task.work.key) === task) this.#tasks.delete(task.work.key);
    this.#release(task);
  }

  /** Its first attempt is over, one way or another. */
  #release(task: Task): void {
    for (const follower of task.followers.splice(0)) {
      follower.blockers--;
      if (follower.blockers === 0 && follower.nextTryMs <= this.#options.now()) this.#makeReady(follower);
    }
  }

  #schedule(task: Task, ms: number): void {
    task.stopAlarm?.();
    task.nextTryMs = this.#options.now() + ms;
    if (ms <= 0) this.#makeReady(task);
    else {
      this.#ready.delete(task);
      task.stopAlarm = this.#options.after(ms, () => {
        this.#makeReady(task);
        this.#pump();
      });
    }
  }

  #makeReady(task: Task): void {
    const current = this.#tasks.get(task.work.key) === task && !task.cancelled;
    if (current && task.blockers === 0 && task.abort === undefined) this.#ready.add(task);
  }

  /** Begins what can begin. What is to be done once comes after it. */
  #pump(): void {
    while (this.#places.hasRoom) {
      const [task] = this.#ready;
      if (task === undefined) {
        this.#places.admit();
        return;
      }
      this.#ready.delete(task);
      void this.#try(task);
    }
  }

  async #try(task: Task): Promise<void> {
    const { now, random, retryMaxMs, failed, ended } = this.#options;
    const { key, kind } = task.work;
    task.abort = new AbortController();
    const attempt = this.#places.occupy(task.abort, (signal) => task.work.attempt(signal));
    const result = await attempt.catch((thrown: unknown) =>
      thrown instanceof Error ? thrown : new Error(errorText(thrown)),
    );
    task.abort = undefined;
    if (typeof result === "boolean" || task.cancelled) {
      this.#remove(task);
      if (result === true) this.#remember(key, kind, task.attempts.count + 1);
      if (typeof result === "boolean") ended(key, result);
    } else {
      const failure = task.attempts.failed(result, now());
      this.#release(task);
      this.#schedule(task, task.attempts.pauseMs(retryMaxMs, random()));
      failed(key, failure);
    }
    this.#pump();
  }

  #remember(key: string, kind: string, attempts: number): void {
    this.#relapses.delete(key);
    this.#relapses.set(key, { kind, attempts, atMs: this.#options.now() });
    const oldest = this.#relapses.size > MAX_RELAPSES ? this.#relapses.keys().next().value : undefined;
    if (oldest !== undefined) this.#relapses.delete(oldest);
  }

  #relapsePauseMs({ work: { key, kind }, attempts }: Task): number {
    const before = this.#relapses.get(key);
    if (before?.kind !== kind || this.#options.now() - before.atMs > RELAPSE_MS) return 0;
    attempts.count = before.attempts;
    return attempts.pauseMs(this.#options.retryMaxMs, this.#options.random());
  }
}
