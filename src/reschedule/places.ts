import { errorText } from "../errors.ts";

/** Rings once, unless cancelled by what it answers. */
export type Alarm = (ms: number, ring: () => void) => () => void;

export interface PlacesOptions {
  /** Pieces of work under way at once. */
  readonly parallel: number;
  /** For each piece of work, milliseconds. */
  readonly timeoutMs: number;
  readonly after: Alarm;
  /** There is room again. */
  readonly freed: () => void;
}

/** Work that does not end when its time is up loses its place after this much longer, milliseconds. */
const GRACE_MS = 10_000;

/** So many pieces of work at once, each with a deadline. What is stuck keeps its place only so long. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #waiting: (() => void)[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #occupied = 0;
  #stopped = false;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#occupied < this.#options.parallel;
  }

  /** Lets in those who wait for their turn, as far as there is room. */
  admit(): void {
    while (this.hasRoom) {
      const enter = this.#waiting.shift();
      if (enter === undefined) return;
      enter();
    }
  }

  /**
   * Runs something now, room or not. Settles when the work has ended; its place is free at the latest some time after the deadline.
   * @param abort ends it; the work gets its signal
   * @throws what the work throws, with the deadline named when that was why
   */
  async occupy<T>(abort: AbortController, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { after, timeoutMs, freed } = this.#options;
    const late = new Error(`not done within ${timeoutMs / 1_000} s`);
    this.#occupied++;
    let isIn = true;
    const leave = (): void => {
      if (!isIn) return;
      isIn = false;
      this.#occupied--;
      freed();
    };
    const alarms = [after(timeoutMs, () => abort.abort(late)), after(timeoutMs + GRACE_MS, leave)];
    const working = (async () => await work(abort.signal))();
    this.#underWay.add(working);
    try {
      return await working;
    } catch (error) {
      // Whatever the work made of it, this is why it ended.
      throw abort.signal.reason === late
        ? new Error(`${late.message}: ${errorText(error)}`, { cause: error })
        : error;
    } finally {
      this.#underWay.delete(working);
      for (const stop of alarms) stop();
      leave();
    }
  }

  /**
   * Waits for its turn, and then runs something.
   * @throws what the work throws, and the signal's reason when it fires before
   */
  async inTurn<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const abort = new AbortController();
    const stop = (): void => abort.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        const enter = (): void => {
          if (this.#stopped) reject(new Error(STOPPED));
          else this.occupy(abort, work).then(resolve, reject);
        };
        const giveUp = (): void => {
          const at = this.#waiting.indexOf(enter);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          reject(new Error(errorText(signal.reason)));
        };
        this.#waiting.push(enter);
        abort.signal.addEventListener("abort", giveUp, { once: true });
        this.#options.freed();
      });
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Nobody gets in any more; resolves when all have left, or some cannot be made to. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const enter of this.#waiting.splice(0)) enter();
    let stopAlarm = (): void => undefined;
    const patience = new Promise<void>((resolve) => (stopAlarm = this.#options.after(GRACE_MS, resolve)));
    await Promise.race([Promise.allSettled([...this.#underWay]), patience]);
    stopAlarm();
  }
}

const STOPPED = "this manager does not lead any more";
