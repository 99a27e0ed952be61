import { setMaxListeners } from "node:events";

/** Why a call was given up: its deadline passed, its caller cancelled it, or the whole client was closed. */
export type GivenUp = "time" | "cancelled" | "closed";

/**
 * The life of one call: a deadline and the signals that may end it early. Whoever makes one ends it, so that neither a timer nor a
 * listener on a long-lived signal outlives the call.
 */
export class CallScope {
  readonly #undo: (() => void)[] = [];
  readonly #listeners: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #givenUp: GivenUp | undefined;

  /** @param timeoutMs 0: no deadline */
  constructor(
    timeoutMs: number,
    signals: { cancelled?: AbortSignal | undefined; closed?: OpenCalls | undefined },
  ) {
    const { cancelled, closed } = signals;
    if (closed !== undefined) this.#undo.push(closed.add(this));
    if (cancelled !== undefined) this.#follow(cancelled);
    if (timeoutMs > 0 && this.#givenUp === undefined)
      this.#timer = setTimeout(() => this.giveUp("time"), timeoutMs);
  }

  /** Aborts when the call is given up. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController());
      this.onGivenUp(() => controller.abort());
    }
    return this.#controller.signal;
  }

  get givenUp(): GivenUp | undefined {
    return this.#givenUp;
  }

  /** Calls back when the call is given up, at once if it is already; never after its end. */
  onGivenUp(listener: () => void): void {
    if (this.#givenUp === undefined) this.#listeners.push(listener);
    else listener();
  }

  /** Only the first reason counts. */
  giveUp(reason: GivenUp): void {
    if (this.#givenUp !== undefined) return;
    this.#givenUp = reason;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** From here on the call may take as long as it likes. */
  dropDeadline(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.dropDeadline();
    for (const undo of this.#undo.splice(0)) undo();
    this.#listeners.length = 0;
  }

  #follow(cancelled: AbortSignal): void {
    if (cancelled.aborted) {
      this.giveUp("cancelled");
      return;
    }
    // As many listen as there are calls at the moment; none stays.
    setMaxListeners(0, cancelled);
    const giveUp = (): void => this.giveUp("cancelled");
    cancelled.addEventListener("abort", giveUp);
    this.#undo.push(() => cancelled.removeEventListener("abort", giveUp));
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

  /** @returns call it when the call has ended */
  add(scope: CallScope): () => void {
    if (this.#closed.aborted) scope.giveUp("closed");
    this.#open.add(scope);
    return () => void this.#open.delete(scope);
  }
}
