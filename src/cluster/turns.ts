/**
 * Lets at most so many begin at once, first come first served. A place is free again when its holder is done, and at the latest after `holdMs`: who is
 * slow keeps nobody waiting for long.
 */
export class Turns {
  readonly #places: number;
  readonly #holdMs: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(places: number, holdMs: number) {
    this.#places = places;
    this.#holdMs = holdMs;
  }

  /** Resolves when it is one's turn, or the signal fires. Dispose of the answer when done. */
  async take(signal: AbortSignal): Promise<Disposable> {
    if (signal.aborted) return NOTHING;
    if (this.#taken < this.#places) this.#taken++;
    else if (!(await this.#wait(signal))) return NOTHING;
    let held = true;
    const free = (): void => {
      if (!held) return;
      held = false;
      clearTimeout(timer);
      // The place goes to the next in line, or is free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    };
    const timer = setTimeout(free, this.#holdMs);
    return { [Symbol.dispose]: free };
  }

  /** @returns whether a place was handed over; else the signal was first */
  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve(true);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        resolve(false);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(go);
    });
  }
}

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };
