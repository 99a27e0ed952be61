/** Beyond this many different texts within one period nothing more is said: they are variations. */
const maxTexts = 10;

/** Keeps a failure that repeats from being told each time: each text once in a period. */
export class ErrorPace {
  readonly #periodMs: number;
  readonly #told = new Map<string, number>();

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /**
   * Whether to tell it.
   * @param nowMs of a clock that never jumps
   */
  admits(text: string, nowMs: number): boolean {
    for (const [told, at] of this.#told) if (nowMs - at >= this.#periodMs) this.#told.delete(told);
    if (this.#told.has(text) || this.#told.size >= maxTexts) return false;
    this.#told.set(text, nowMs);
    return true;
  }

  /** The failure is over: the next one is news. */
  reset(): void {
    this.#told.clear();
  }
}
