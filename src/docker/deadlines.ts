/** What can run out of time. */
export interface Timed {
  /** Its time is over. Called once at most, and then it is forgotten. */
  runOut(): void;
}

/**
 * The deadlines of thousands of short calls, of a few durations: those of one duration run out in the order in which they began, so that one timer
 * watches all of them. It keeps the process alive while there is any.
 */
export class Deadlines {
  readonly #ms: number;
  /** When each runs out, on `performance.now`'s clock; the first is the next. */
  readonly #running = new Map<Timed, number>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(ms: number) {
    this.#ms = ms;
  }

  static readonly #all = new Map<number, Deadlines>();

  /** All of this duration, milliseconds. */
  static of(ms: number): Deadlines {
    let deadlines = Deadlines.#all.get(ms);
    if (deadlines === undefined) Deadlines.#all.set(ms, (deadlines = new Deadlines(ms)));
    return deadlines;
  }

  add(timed: Timed): void {
    this.#running.set(timed, performance.now() + this.#ms);
    if (this.#timer === undefined) this.#watch(this.#ms);
    else if (this.#running.size === 1) this.#timer.ref();
  }

  delete(timed: Timed): void {
    if (this.#running.delete(timed) && this.#running.size === 0) this.#timer?.unref();
  }

  /** The timer stays where it is when what it was for is over: it then looks again, which is rare. */
  #watch(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#runOut();
    }, ms);
  }

  #runOut(): void {
    const now = performance.now();
    const over: Timed[] = [];
    for (const [timed, at] of this.#running) {
      if (at > now) {
        this.#watch(at - now);
        break;
      }
      this.#running.delete(timed);
      over.push(timed);
    }
    for (const timed of over) timed.runOut();
  }
}
