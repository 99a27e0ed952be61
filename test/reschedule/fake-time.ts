/** A clock and alarms that a test moves. */
export class FakeTime {
  nowMs = 0;
  readonly #alarms = new Set<{ readonly atMs: number; readonly ring: () => void }>();

  readonly now = (): number => this.nowMs;

  readonly after = (ms: number, ring: () => void): (() => void) => {
    const alarm = { atMs: this.nowMs + ms, ring };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  };

  /** Alarms that are set. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** Lets so much time pass; what rings sets off runs to its next wait before the next one rings. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settled();
    for (;;) {
      const due = [...this.#alarms].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#alarms.delete(due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.ring();
      await settled();
    }
    this.nowMs = endMs;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
