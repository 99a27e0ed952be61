import type { ContainerRecord } from "../cluster/container-record.ts";

/** How long a copy must have been seen idle, milliseconds: what tells why it ended is on its way. */
const GRACE_MS = 3_000;
/** What was not asked about for so long is forgotten, milliseconds. */
const STALE_MS = 60_000;

/** Since when copies do not run although they should: nothing is made of what was seen only this moment. */
export class IdleCopies {
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly sinceMs: number; askedMs: number }>();

  /** @param now Unix milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Is it too early to make anything of it that this copy, which should run, does not? */
  isNews({ id, inspect: { State } }: ContainerRecord): boolean {
    // It never ran.
    if (State.Status === "created") return false;
    const nowMs = this.#now();
    for (const [key, { askedMs }] of this.#seen) {
      if (nowMs - askedMs <= STALE_MS) break;
      this.#seen.delete(key);
    }
    const key = `${id} ${State.FinishedAt}`;
    const { sinceMs } = this.#seen.get(key) ?? { sinceMs: nowMs };
    this.#seen.delete(key);
    this.#seen.set(key, { sinceMs, askedMs: nowMs });
    return nowMs - sinceMs < GRACE_MS;
  }
}
