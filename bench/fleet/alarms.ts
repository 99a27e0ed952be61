interface Alarm {
  readonly atMs: number;
  readonly ring: () => void;
}

/** setTimeout takes at most this; a longer wait is taken in steps. */
const LONGEST_MS = 2 ** 31 - 1;

/** Wakes sleepers. One timer for all of them: a fleet's sleeping containers cost no timer each. */
export class Alarms {
  /** Soonest last. */
  readonly #pending: Alarm[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Calls `ring` once after `ms`; the returned function cancels it. Infinity never rings. */
  after(ms: number, ring: () => void): () => void {
    const alarm = { atMs: performance.now() + ms, ring };
    if (ms === Infinity) return () => undefined;
    const index = this.#pending.findIndex((other) => other.atMs <= alarm.atMs);
    this.#pending.splice(index < 0 ? this.#pending.length : index, 0, alarm);
    this.#arm();
    return () => {
      const at = this.#pending.indexOf(alarm);
      if (at >= 0) this.#pending.splice(at, 1);
      this.#arm();
    };
  }

  /** Forgets everything. */
  clear(): void {
    this.#pending.length = 0;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = this.#pending.at(-1);
    if (!next) return;
    const waitMs = Math.min(Math.max(0, Math.ceil(next.atMs - performance.now())), LONGEST_MS);
    this.#timer = setTimeout(() => this.#ring(), waitMs);
  }

  #ring(): void {
    const now = performance.now();
    for (let next = this.#pending.at(-1); next && next.atMs <= now; next = this.#pending.at(-1)) {
      this.#pending.pop();
      next.ring();
    }
    this.#arm();
  }
}
