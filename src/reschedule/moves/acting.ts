import { within } from "../../cluster/within.ts";
import { errorText } from "../../errors.ts";
import type { Term } from "../../replication/leadership.ts";

/** How one attempt acts on engines: every act asks right before whether we may, and has a deadline. */
export class Acting {
  readonly signal: AbortSignal;
  readonly #term: Term;

  constructor({ term, signal }: { readonly term: Term; readonly signal: AbortSignal }) {
    this.#term = term;
    this.signal = signal;
  }

  /** The same right to act, in its own time: for what must be undone. */
  anew(): Acting {
    return new Acting({ term: this.#term, signal: AbortSignal.timeout(UNDO_MS) });
  }

  /** @throws Error when this manager may not act any more, or the attempt is over */
  readonly fence = (): void => {
    if (!this.#term.held()) throw new Error("this manager is no longer the primary cluster manager");
    if (this.signal.aborted) throw new Error(`given up: ${errorText(this.signal.reason)}`);
  };

  /**
   * Does something that creates or destroys, or part of it.
   * @param what for the error: `stopping container x on node-1`
   * @param ms how long it may take; the engine may finish it all the same
   * @throws Error of the act, or because there was no answer in time, or because we may not act
   */
  async do<T>(what: string, ms: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.fence();
    return this.look(what, ms, act);
  }

  /** Asks something that changes nothing. */
  async look<T>(what: string, ms: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this;
    // The call itself ends a little later, so that the error is ours and says what it was about.
    const ends = AbortSignal.any([signal, AbortSignal.timeout(ms + 100)]);
    return within(what, ask(ends), { ms, signal });
  }
}

/** An ordinary call, milliseconds. */
export const CALL_MS = 10_000;
/** A call that may do real work, such as a start, milliseconds. */
export const WORK_MS = 60_000;
/** Undoing an attempt may take so long, milliseconds. */
const UNDO_MS = 120_000;
