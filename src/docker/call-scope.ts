import { setMaxListeners } from "node:events";

/** Why a call was given up: its deadline passed, its caller cancelled it, or the whole client was closed. */
export type GivenUp = "time" | "cancelled" | "closed";

/**
 * The life of one call: a deadline and the signals that may end it early. Whoever makes one ends it, so that neither a timer nor a
 * listener on a long-lived signal outlives the call.
 */
export class CallScope {
  readonly #controller = new AbortController();
  readonly #undo: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #givenUp: GivenUp | undefined;

  /** @param timeoutMs 0: no deadline */
  constructor(
    timeoutMs: number,
    signals: { cancelled?: AbortSignal | undefined; closed?: AbortSignal | undefined },
  ) {
    this.#follow(signals.closed, "closed");
    this.#follow(signals.cancelled, "cancelled");
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#giveUp("time"), timeoutMs);
  }

  /** Aborts when the call is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get givenUp(): GivenUp | undefined {
    return this.#givenUp;
  }

  /** From here on the call may take as long as it likes. */
  dropDeadline(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.dropDeadline();
    for (const undo of this.#undo.splice(0)) undo();
  }

  #follow(signal: AbortSignal | undefined, reason: GivenUp): void {
    if (signal === undefined) return;
    // As many listen as there are calls at the moment; none stays.
    setMaxListeners(0, signal);
    const giveUp = (): void => this.#giveUp(reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    this.#undo.push(() => signal.removeEventListener("abort", giveUp));
  }

  #giveUp(reason: GivenUp): void {
    this.#givenUp ??= reason;
    this.#controller.abort();
  }
}
