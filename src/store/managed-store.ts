import { setMaxListeners } from "node:events";
import type { Backend, Snapshot } from "./backend.ts";
import { backoffMs, bounded, pause } from "./deadline.ts";
import { HeldLock } from "./held-lock.ts";
import { checkTtl, checkValue, KeySpace } from "./keys.ts";
import type {
  CallOptions,
  DeleteOptions,
  Entry,
  Lock,
  LockOptions,
  PutOptions,
  Revision,
  Store,
  Target,
  WatchOptions,
  WatchUpdate,
} from "./store.ts";
import { StoreError } from "./store-error.ts";

/** What all kinds of stores have in common. */
export interface ManagedStoreOptions {
  readonly name: string;
  /** Comes before every key: `swarm/prod`. */
  readonly prefix?: string;
  /** How long a call may take. Default 5 s. */
  readonly callTimeoutMs?: number;
  /** A watch reads its target again after this long without news: what it was not told it finds. Default 15 s. */
  readonly watchPollMs?: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: () => number;
}

/** Of a store that says at once that nothing has changed a watch asks no more often than this, in milliseconds. */
const idleMs = 100;

/** A {@link Store} out of a {@link Backend}: checks, the prefix, deadlines, watches that survive, locks that are kept. */
export class ManagedStore implements Store {
  readonly name: string;
  readonly #backend: Backend;
  readonly #keys: KeySpace;
  readonly #callTimeoutMs: number;
  readonly #watchPollMs: number;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  readonly #locks = new Set<HeldLock>();
  #closed: Promise<void> | undefined;

  constructor(backend: Backend, options: ManagedStoreOptions) {
    this.name = options.name;
    setMaxListeners(0, this.#closing.signal); // every call under way listens to it
    this.#backend = backend;
    this.#keys = new KeySpace(options.prefix ?? "");
    this.#callTimeoutMs = options.callTimeoutMs ?? 5000;
    this.#watchPollMs = options.watchPollMs ?? 15_000;
    this.#now = options.now ?? (() => performance.now());
  }

  async get(key: string, options: CallOptions = {}): Promise<Entry | undefined> {
    const full = this.#keys.full(key);
    const entry = await this.#call(options, (signal) => this.#backend.get(full, signal));
    return entry === undefined ? undefined : { ...entry, key };
  }

  async put(key: string, value: string, { signal, ...options }: PutOptions = {}): Promise<Revision> {
    const full = this.#keys.full(key);
    checkValue(key, value);
    if (options.ttlMs !== undefined) checkTtl(options.ttlMs);
    return await this.#call({ signal }, (inner) => this.#backend.put(full, value, options, inner));
  }

  async delete(key: string, { signal, when }: DeleteOptions = {}): Promise<boolean> {
    const full = this.#keys.full(key);
    return await this.#call({ signal }, (inner) => this.#backend.delete(full, when?.revision, inner));
  }

  async list(target: Target, options: CallOptions = {}): Promise<readonly Entry[]> {
    const full = this.#keys.fullTarget(target);
    const { entries } = await this.#call(options, (signal) => this.#backend.next(full, signal));
    return this.#short(entries);
  }

  async *watch(
    target: Target,
    signal: AbortSignal,
    { settleMs = 0 }: WatchOptions = {},
  ): AsyncGenerator<WatchUpdate, void> {
    const full = this.#keys.fullTarget(target);
    let last: Snapshot | undefined;
    let failures = 0;
    const isOver = () => signal.aborted || this.#closing.signal.aborted;
    while (!isOver()) {
      try {
        const asked = this.#now();
        let next = await this.#next(full, signal, last);
        if (settleMs > 0 && last !== undefined && !sameEntries(last.entries, next.entries)) {
          await pause(settleMs, signal, this.#closing.signal);
          next = await this.#next(full, signal, undefined); // and the watch goes on from this reading
        }
        failures = 0;
        const news = last === undefined || !sameEntries(last.entries, next.entries);
        last = next;
        if (news) yield { kind: "state", entries: this.#short(next.entries) };
        else await pause(asked + idleMs - this.#now(), signal, this.#closing.signal);
      } catch (error) {
        if (isOver()) return;
        last = undefined;
        failures++;
        yield { kind: "error", error: this.#asStoreError(error) };
        await pause(backoffMs(failures), signal, this.#closing.signal);
      }
    }
  }

  async lock(key: string, value: string, options: LockOptions): Promise<Lock> {
    const { ttlMs, signal, onError } = options;
    const full = this.#keys.full(key);
    checkValue(key, value);
    checkTtl(ttlMs);
    for (let failures = 0; ;) {
      try {
        const sentAt = this.#now();
        const holding = await this.#call({ signal }, async (inner) => {
          const taken = await this.#backend.tryLock(full, value, ttlMs, inner);
          // Nobody waits for it any more: without this it would stand in everybody's way for a TTL.
          if (inner.aborted) await taken?.release(AbortSignal.timeout(this.#callTimeoutMs));
          return taken;
        });
        if (holding !== undefined) {
          const lock = new HeldLock(holding, {
            name: `${this.name} ${key}`,
            sentAt,
            callTimeoutMs: this.#callTimeoutMs,
            now: this.#now,
            onEnd: (ended) => this.#locks.delete(ended),
          });
          this.#locks.add(lock);
          if (lock.held()) return lock;
          await lock.release(); // it took longer than the lock lasts
        }
        failures = 0;
        await this.#untilFree({ lock: full }, signal);
        await pause(20 + 80 * Math.random(), signal, this.#closing.signal); // others wait for the same
      } catch (error) {
        signal?.throwIfAborted();
        this.#closing.signal.throwIfAborted();
        failures++;
        onError?.(this.#asStoreError(error));
        await pause(backoffMs(failures), signal, this.#closing.signal);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort(new StoreError("closed", `${this.name} was closed`));
      await Promise.all([...this.#locks].map((lock) => lock.release()));
      await this.#backend.close().catch(() => undefined);
    })();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #untilFree(target: Target, signal: AbortSignal | undefined): Promise<void> {
    let last = await this.#next(target, signal, undefined);
    while (last.entries.length > 0) last = await this.#next(target, signal, last);
  }

  async #next(target: Target, signal: AbortSignal | undefined, since?: Snapshot): Promise<Snapshot> {
    const waitMs = since === undefined ? 0 : this.#watchPollMs;
    return await this.#call(
      { signal },
      (inner) => this.#backend.next(target, inner, since, waitMs),
      this.#callTimeoutMs + waitMs,
    );
  }

  async #call<T>(
    { signal }: { readonly signal?: AbortSignal | undefined },
    work: (signal: AbortSignal) => Promise<T>,
    timeoutMs = this.#callTimeoutMs,
  ): Promise<T> {
    const signals = [signal, this.#closing.signal];
    try {
      return await bounded({ name: this.name, timeoutMs, signals }, work);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#asStoreError(error);
    }
  }

  #asStoreError(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new StoreError("failed", `${this.name}: ${text}`, { cause: error });
  }

  #short(entries: readonly Entry[]): readonly Entry[] {
    return entries
      .map((entry) => ({ ...entry, key: this.#keys.short(entry.key) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Whether two snapshots of a target hold the same entries, in any order. */
function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  if (a.length !== b.length) return false;
  const before = new Map(a.map((entry) => [entry.key, entry]));
  return b.every(({ key, revision, value }) => {
    const old = before.get(key);
    return old?.revision === revision && old.value === value;
  });
}
