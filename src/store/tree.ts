import { isWithin } from "./keys.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** An entry of a {@link Tree}; the part that a disk keeps. */
export interface Leaf extends Entry {
  /** When it vanishes, by `Date.now()`. */
  readonly expiresAt?: number;
}

/** Makes one change durable before the tree shows it: the new leaf, or the key of one that is gone. */
export type Persist = (change: Leaf | { readonly gone: string }) => Promise<void>;

/** Entries in this process's memory, with expiry and notification; on disk too when it is given a {@link Persist}. */
export class Tree {
  readonly #leaves = new Map<string, Leaf>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #waiting = new Set<{ readonly target: Target; readonly wake: () => void }>();
  readonly #persist: Persist | undefined;
  readonly #epoch: string;
  #count = 0;
  #queue: Promise<unknown> = Promise.resolve();

  /** `epoch` begins every revision: one that differs at each start tells old ones from new ones. */
  constructor(epoch: string, leaves: Iterable<Leaf> = [], persist?: Persist) {
    this.#epoch = epoch;
    this.#persist = persist;
    for (const leaf of leaves) this.#show(leaf);
  }

  get(key: string): Leaf | undefined {
    const leaf = this.#leaves.get(key);
    return leaf?.expiresAt !== undefined && leaf.expiresAt <= Date.now() ? undefined : leaf;
  }

  list(target: Target): readonly Leaf[] {
    const keys = "folder" in target ? this.#leaves.keys() : ["key" in target ? target.key : target.lock];
    return [...keys]
      .filter((key) => isWithin(target, key))
      .map((key) => this.get(key))
      .filter((leaf) => leaf !== undefined);
  }

  async put(key: string, value: string, { ttlMs, when }: PutOptions): Promise<Revision> {
    return await this.#inTurn(async () => {
      if (when === "absent" && this.get(key) !== undefined) throw conflict(key);
      if (typeof when === "object" && this.get(key)?.revision !== when.revision) throw conflict(key);
      const revision = `${this.#epoch}.${String(++this.#count)}`;
      const leaf: Leaf = {
        key,
        value,
        revision,
        ...(ttlMs === undefined ? {} : { expiresAt: Date.now() + Math.ceil(ttlMs) }),
      };
      await this.#persist?.(leaf);
      this.#show(leaf);
      return revision;
    });
  }

  async delete(key: string, revision?: Revision): Promise<boolean> {
    return await this.#inTurn(async () => {
      const leaf = this.get(key);
      if (revision !== undefined && leaf?.revision !== revision) throw conflict(key);
      if (leaf === undefined) return false;
      await this.#persist?.({ gone: key });
      this.#hide(key);
      return true;
    });
  }

  /** Resolves at the next change of a target, or when the signal fires. */
  async changed(target: Target, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const waiter = { target, wake: () => done() };
      const done = () => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", done);
    });
  }

  /** Waits for writes under way, then stops all timers. */
  async close(): Promise<void> {
    await this.#queue.catch(() => undefined);
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** One write after the other: what a condition has seen is still true when the write is done. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.catch(() => undefined).then(work);
    this.#queue = turn;
    return await turn;
  }

  #show(leaf: Leaf): void {
    this.#leaves.set(leaf.key, leaf);
    clearTimeout(this.#timers.get(leaf.key));
    this.#timers.delete(leaf.key);
    if (leaf.expiresAt !== undefined) this.#expireLater(leaf, leaf.expiresAt);
    this.#notify(leaf.key);
  }

  #hide(key: string): void {
    this.#leaves.delete(key);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#notify(key);
  }

  #expireLater(leaf: Leaf, expiresAt: number): void {
    const timer = setTimeout(
      () => {
        if (this.#leaves.get(leaf.key) !== leaf) return;
        if (Date.now() < expiresAt) {
          this.#expireLater(leaf, expiresAt); // the clock was set back
          return;
        }
        this.#hide(leaf.key);
        // It is over in any case; a file that stays is dropped at the next start.
        void this.#inTurn(async () => {
          if (!this.#leaves.has(leaf.key)) await this.#persist?.({ gone: leaf.key });
        }).catch(() => undefined);
      },
      Math.max(1, expiresAt - Date.now()),
    );
    timer.unref();
    this.#timers.set(leaf.key, timer);
  }

  #notify(key: string): void {
    for (const waiter of this.#waiting) if (isWithin(waiter.target, key)) waiter.wake();
  }
}

function conflict(key: string): StoreError {
  return new StoreError("conflict", `${key} was changed by somebody else`);
}
