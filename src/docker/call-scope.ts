import { setMaxListeners } from "node:events";
import { Deadlines, type Timed } from "./deadlines.ts";

/** Why a call was given up: its deadline passed, its caller cancelled it, or the whole client was closed. */
export type GivenUp = "time" | "cancelled" | "closed";

/** What ends with its call. */
export interface Ending {
  giveUp(): void;
}

/**
 * The life of one call: a deadline and the signals that may end it early. Whoever makes one ends it, so that neither a deadline nor a
 * listener on a long-lived signal outlives the call.
 */
export class CallScope implements Timed {
  readonly #deadlines: Deadlines | undefined;
  readonly #closed: OpenCalls | undefined;
  readonly #cancelled: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #ending: Ending | undefined;
  #givenUp: GivenUp | undefined;

  /** @param timeoutMs 0: no deadline */
  constructor(
    timeoutMs: number,
    { cancelled, closed }: { cancelled?: AbortSignal | undefined; closed?: OpenCalls | undefined },
  ) {
    this.#closed = closed;
    closed?.add(this);
    this.#cancelled = cancelled;
    if (cancelled !== undefined) this.#follow(cancelled);
    this.#deadlines = timeoutMs > 0 && this.#givenUp === undefined ? Deadlines.of(timeoutMs) : undefined;
    this.#deadlines?.add(this);
  }

  /** Aborts when the call is given up. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#givenUp !== undefined) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get givenUp(): GivenUp | undefined {
    return this.#givenUp;
  }

  /** Ends this one thing when the call is given up, at once if it is already; never after the call's end. */
  onGivenUp(ending: Ending): void {
    this.#ending = ending;
    if (this.#givenUp !== undefined) ending.giveUp();
  }

  /** Only the first reason counts. */
  giveUp(reason: GivenUp): void {
    if (this.#givenUp !== undefined) return;
    this.#givenUp = reason;
    this.#controller?.abort();
    this.#ending?.giveUp();
  }

  runOut(): void {
    this.giveUp("time");
  }

  /** The signal's listener. */
  handleEvent(): void {
    this.giveUp("cancelled");
  }

  /** From here on the call may take as long as it likes. */
  dropDeadline(): void {
    this.#deadlines?.delete(this);
  }

  end(): void {
    this.dropDeadline();
    this.#closed?.delete(this);
    this.#cancelled?.removeEventListener("abort", this);
    this.#ending = undefined;
    this.#controller = undefined;
  }

  #follow(cancelled: AbortSignal): void {
    if (cancelled.aborted) {
      this.giveUp("cancelled");
      return;
    }
    // As many listen as there are calls at the moment; none stays.
    setMaxListeners(0, cancelled);
    cancelled.addEventListener("abort", this);
  }
}

/** The calls that end when a client is closed: one listener for all of them, because there are thousands a second. */
export class OpenCalls {
  readonly #closed: AbortSignal;
  readonly #open = new Set<CallScope>();

  constructor(closed: AbortSignal) {
    this.#closed = closed;
    closed.addEventListener("abort", () => {
      for (const scope of this.#open) scope.giveUp("closed");
    });
  }

  add(scope: CallScope): void {
    if (this.#closed.aborted) scope.giveUp("closed");
    this.#open.add(scope);
  }

  delete(scope: CallScope): void {
    this.#open.delete(scope);
  }
}
