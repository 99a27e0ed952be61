import { createHash } from "node:crypto";

export interface RecordsOptions {
  /** How long a record is kept after its last use, milliseconds. */
  readonly keepMs: number;
  /** How many are kept; the one unused for longest goes first. Records in use are not counted out. */
  readonly limit: number;
  /** Milliseconds. */
  readonly now: () => number;
}

interface Entry<V> {
  readonly value: V;
  uses: number;
  lastUsed: number;
}

/** A record in use. Call it once, when the use is over; it answers whether that was the last one. */
export type EndUse = () => boolean;

/**
 * What is known under names that clients choose, and is forgotten some time after nobody used it any more. Bounded in time and number, and
 * in the length of a name; nothing runs in between.
 */
export class Records<V> {
  readonly #options: RecordsOptions;
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry<V>>();
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  get size(): number {
    this.#forgetOld();
    return this.#entries.size;
  }

  get(name: string): V | undefined {
    this.#forgetOld();
    return this.#entries.get(keyOf(name))?.value;
  }

  /** Notes the value, in place of any other, wakes who waits for it, and holds it until the answer is called. */
  use(name: string, value: V): EndUse {
    const key = keyOf(name);
    const known = this.#entries.get(key);
    const entry: Entry<V> =
      known?.value === value ? known : { value, uses: 0, lastUsed: this.#options.now() };
    entry.uses++;
    this.#touch(key, entry);
    this.#forgetOld();
    for (const wake of this.#waiters.get(key) ?? []) wake();
    return () => {
      entry.uses--;
      if (this.#entries.get(key) === entry) this.#touch(key, entry);
      return entry.uses === 0;
    };
  }

  delete(name: string): void {
    this.#entries.delete(keyOf(name));
  }

  /** How many uses have not ended. */
  usesOf(name: string): number {
    return this.#entries.get(keyOf(name))?.uses ?? 0;
  }

  /** The value as soon as there is one; `undefined` when the time is up or the signal fires before. */
  async wait(name: string, ms: number, signal: AbortSignal): Promise<V | undefined> {
    const known = this.get(name);
    if (known !== undefined || signal.aborted) return known;
    const key = keyOf(name);
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters);
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    waiters.add(wake);
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
    await woken;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
    waiters.delete(wake);
    if (waiters.size === 0) this.#waiters.delete(key);
    return this.get(name);
  }

  #touch(key: string, entry: Entry<V>): void {
    entry.lastUsed = this.#options.now();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #forgetOld(): void {
    const { keepMs, limit, now } = this.#options;
    const oldest = now() - keepMs;
    for (const [key, { uses, lastUsed }] of this.#entries) {
      if (uses > 0) continue;
      if (lastUsed > oldest && this.#entries.size <= limit) break;
      this.#entries.delete(key);
    }
  }
}

/** Longer names are kept by their digest: a header may hold a megabyte. */
const keyOf = (name: string): string =>
  name.length <= 128 ? name : createHash("sha256").update(name).digest("base64");
