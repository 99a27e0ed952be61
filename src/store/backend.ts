import type { Entry, PutOptions, Revision, Target } from "./store.ts";

/** The entries of a target, and where in the store's history they were read. */
export interface Snapshot {
  readonly entries: readonly Entry[];
  /** The store's own mark (an index, a revision); what {@link Backend.next} goes on from. */
  readonly cursor?: string;
}

/** A lock as the store sees it. */
export interface Holding {
  /** For this long after a renewal was *sent* the store gives the lock to nobody else. */
  readonly ttlMs: number;
  /** After the holder's death others have it within so many milliseconds, where that is more than {@link ttlMs}. */
  readonly freeWithinMs?: number;
  /** Renews it; `false`: it is gone. Rejects when that is not known. */
  renew(signal: AbortSignal): Promise<boolean>;
  release(signal: AbortSignal): Promise<void>;
}

/**
 * One kind of store, without what all kinds share (deadlines, limits, retries, keeping locks: `managed-store.ts`). Keys
 * are checked and carry the prefix. `signal` ends a call whose deadline has passed: clean up, the result is not awaited.
 */
export interface Backend {
  get(key: string, signal: AbortSignal): Promise<Entry | undefined>;
  put(
    key: string,
    value: string,
    options: Pick<PutOptions, "ttlMs" | "when">,
    signal: AbortSignal,
  ): Promise<Revision>;
  delete(key: string, revision: Revision | undefined, signal: AbortSignal): Promise<boolean>;
  /**
   * The state of a target. With `since`, first waits until something may have changed after it, at most `waitMs`: a
   * lost notification only costs time.
   */
  next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs?: number): Promise<Snapshot>;
  /** Tries to take a lock; `undefined` when somebody holds it. */
  tryLock(key: string, value: string, ttlMs: number, signal: AbortSignal): Promise<Holding | undefined>;
  /** Lets everything go at once. */
  close(): Promise<void>;
}
