import type { StoreError } from "./store-error.ts";

/** The most bytes of UTF-8 a value may have: what every store takes with room to spare (Consul's limit is 512 KiB). */
export const maxValueBytes = 256 * 1024;
/** The most bytes of UTF-8 a key may have, the store's prefix not counted. */
export const maxKeyBytes = 512;

/**
 * When an entry was last written, in words only its store understands. Two revisions of one key are equal only if the
 * entry was not written between them; they have no order.
 */
export type Revision = string;

/** One key and what is under it. */
export interface Entry {
  /** Without the store's prefix and without a leading slash: `docker/swarm/nodes/10.0.0.1:2375`. */
  readonly key: string;
  /** Never empty: an empty value is no entry, for such are placeholders and folders. */
  readonly value: string;
  readonly revision: Revision;
}

/** What to read or follow. */
export type Target =
  /** One entry. */
  | { readonly key: string }
  /** All entries below `folder/`, at any depth, the folder's own key not among them; `""` is the whole store. */
  | { readonly folder: string }
  /** The entry of a lock, and only while somebody holds it: some stores keep the value of the last holder. */
  | { readonly lock: string };

/** What a watch yields. */
export type WatchUpdate =
  /** All that is there now, sorted by key; never a difference. */
  | { readonly kind: "state"; readonly entries: readonly Entry[] }
  /** The store could not be read; it is tried again. The next state is yielded even if nothing has changed. */
  | { readonly kind: "error"; readonly error: StoreError };

/** Ends a call early; it then rejects with the signal's reason. What was asked may have been done nevertheless. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface WatchOptions {
  /**
   * After a change wait this long, in milliseconds, and yield what there is then: whatever came and went meanwhile is not seen. The first
   * state and errors are yielded at once. Default 0.
   */
  readonly settleMs?: number;
}

export interface PutOptions extends CallOptions {
  /**
   * The entry vanishes by itself this many milliseconds later, unless it is put again before. Stores round up, see
   * docs/stores.md; absent: it stays, also if it had an end before.
   */
  readonly ttlMs?: number;
  /** Write only if there is no entry, or if it still has this revision. @see {@link StoreError} `conflict` */
  readonly when?: "absent" | { readonly revision: Revision };
}

export interface DeleteOptions extends CallOptions {
  /** Delete only if the entry still has this revision. */
  readonly when?: { readonly revision: Revision };
}

export interface LockOptions extends CallOptions {
  /** How long others wait after this process has vanished. Stores have lower limits, see docs/stores.md. */
  readonly ttlMs: number;
  /** Hears of every failure while waiting; the waiting goes on. */
  readonly onError?: (error: StoreError) => void;
}

/** A lock that is held. It is kept alive until {@link Lock.release}. */
export interface Lock extends AsyncDisposable {
  /**
   * Fires as soon as the lock may be gone: the store says so, it was not renewed in time, or it was released. By the
   * local clock that is before the store can give it to anyone else. A process that was stopped cannot be told in time:
   * ask {@link Lock.held} right before each act that must not be done twice.
   */
  readonly lost: AbortSignal;
  /** After the death of this process others have it within so many milliseconds: the TTL that was asked for, or what the store makes of it. */
  readonly freeWithinMs: number;
  /** Whether the lock is certainly ours at this moment. Reads the clock, asks nobody. */
  held(): boolean;
  /** Somebody has seen that it is another's, or nobody's: asks the store at once instead of at the next renewal. */
  doubt(): void;
  /** Fires `lost` and gives the lock to the next. Never rejects: a store that does not hear of it waits for the TTL. */
  release(): Promise<void>;
}

/**
 * A key-value store shared with other managers, agents and tools. Every call ends within the store's deadline and
 * rejects with a {@link StoreError}; a write that was not answered in time may have been done. docs/stores.md says what
 * each kind of store guarantees.
 */
export interface Store extends AsyncDisposable {
  /** For logs: `consul://10.0.0.5:8500/swarm`. */
  readonly name: string;
  /** The entry as of now, or `undefined`. */
  get(key: string, options?: CallOptions): Promise<Entry | undefined>;
  /** Writes an entry and gives its revision. @throws {StoreError} `conflict` when `options.when` does not hold. */
  put(key: string, value: string, options?: PutOptions): Promise<Revision>;
  /** Whether there was an entry to delete. @throws {StoreError} `conflict` when `options.when` does not hold. */
  delete(key: string, options?: DeleteOptions): Promise<boolean>;
  /** All entries of a target, sorted by key. */
  list(target: Target, options?: CallOptions): Promise<readonly Entry[]>;
  /**
   * The present state, then a new one after changes. Changes in quick succession come as one. Survives everything:
   * failures are updates too, and after a gap the state comes anew. Ends with the signal or the store's closing.
   */
  watch(target: Target, signal: AbortSignal, options?: WatchOptions): AsyncIterable<WatchUpdate>;
  /** Waits until it holds the lock, however long. Rejects only for the signal, the closing or a bad argument. */
  lock(key: string, value: string, options: LockOptions): Promise<Lock>;
  /** Releases what is held, ends watches and pending calls, closes connections. Never rejects. */
  close(): Promise<void>;
}
