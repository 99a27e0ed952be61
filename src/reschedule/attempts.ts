import { errorText } from "../errors.ts";

/** One attempt that failed. */
export interface Failure {
  readonly error: Error;
  readonly text: string;
  /** So many attempts so far. */
  readonly attempts: number;
  /** `new`: an error not seen before; `again`: time to say that it goes on; `known`: nothing to say. */
  readonly report: "new" | "again" | "known";
}

/** The first pause, milliseconds. */
const FIRST_PAUSE_MS = 1_000;
/** Repeated errors are reported every so many attempts, or after this long, milliseconds. */
const SUMMARY = { every: 10, ms: 60_000 };
/** Distinct texts told apart per piece of work. */
const MAX_TEXTS = 16;

/** The attempts at one piece of work. */
export class Attempts {
  count = 0;
  lastError = "";
  readonly #texts = new Set<string>();
  #reportedMs = -Infinity;

  failed(error: Error, nowMs: number): Failure {
    this.count++;
    const text = errorText(error);
    this.lastError = text;
    const isNew = !this.#texts.has(text) && this.#texts.size < MAX_TEXTS;
    if (isNew) this.#texts.add(text);
    const due = this.count % SUMMARY.every === 0 || nowMs - this.#reportedMs >= SUMMARY.ms;
    const report = isNew ? "new" : due ? "again" : "known";
    if (report !== "known") this.#reportedMs = nowMs;
    return { error, text, attempts: this.count, report };
  }

  /** Until the next one: 1 s, 2 s, 4 s …, a little less than that at random. @param fraction 0 ≤ fraction < 1 */
  pauseMs(maxMs: number, fraction: number): number {
    const ms = Math.min(maxMs, FIRST_PAUSE_MS * 2 ** Math.min(Math.max(this.count - 1, 0), 30));
    return ms * (0.75 + fraction / 4);
  }
}
