import type { Logger } from "pino";
import { errorText } from "../errors.ts";
import { atMost } from "../store/deadline.ts";
import type { Store } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { messages } from "../telemetry/messages.ts";
import { standAgainMs, type ReplicationClock } from "./clock.ts";

/** How long a new leader waits for the number of its term at most, milliseconds. */
const longestCountMs = 1_000;
/** How often a count is tried that met another one. */
const tries = 5;

export interface TermNumbersOptions {
  readonly store: Pick<Store, "get" | "put">;
  readonly key: string;
  readonly log: Logger;
  readonly clock: ReplicationClock;
}

/** The number of a term, and what remains to be done about it: resolves when the store knows it, or with the term. */
export interface TermNumber {
  readonly number: number;
  readonly kept: Promise<void>;
}

/**
 * Counts the terms of the cluster in the store, so that they grow across managers. A store that does not let us count costs no term: the
 * number is then the Unix time in seconds, greater than any count and than any earlier number of that kind, and is stored when that is
 * possible again.
 */
export class TermNumbers {
  readonly #options: TermNumbersOptions;
  #last = 0;

  constructor(options: TermNumbersOptions) {
    this.#options = options;
  }

  /** The next number. Never rejects; takes a second at most. @param term fires when the lock is gone: nothing is written any more then */
  async next(term: AbortSignal): Promise<TermNumber> {
    const { log, clock } = this.#options;
    let counted: number | undefined;
    let why = "the store did not answer in time";
    const count = async (signal: AbortSignal) => {
      try {
        counted = await this.#count(AbortSignal.any([signal, term]));
      } catch (error) {
        why = errorText(error);
      }
    };
    await atMost(longestCountMs, [term], count);
    const number = counted ?? Math.max(this.#last + 1, Math.floor(clock.unixMs() / 1000));
    this.#last = number;
    if (counted !== undefined || term.aborted) return { number, kept: Promise.resolve() };
    log.warn({ error: why, term: number }, messages.termNotCounted);
    return { number, kept: this.#keep(number, term) };
  }

  async #count(signal: AbortSignal): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const { number, condition } = await this.#stored(signal);
      if (number === undefined) throw new Error(`${this.#options.key} holds no number`);
      const next = Math.max(number, this.#last) + 1;
      try {
        await this.#options.store.put(this.#options.key, String(next), { when: condition, signal });
        return next;
      } catch (error) {
        const met = error instanceof StoreError && error.kind === "conflict";
        if (!met || attempt >= tries) throw error;
      }
    }
  }

  /** Stores a number unless a greater one is there, again and again until it is done or the term is over. */
  async #keep(number: number, term: AbortSignal): Promise<void> {
    const { store, key, clock } = this.#options;
    for (let failures = 0; !term.aborted; failures++) {
      await clock.pause(standAgainMs(failures, clock), term);
      try {
        const stored = await this.#stored(term);
        if ((stored.number ?? 0) < number) {
          await store.put(key, String(number), { when: stored.condition, signal: term });
        }
        return;
      } catch {
        // It was told once; the next try may do.
      }
    }
  }

  /** What is stored, and the condition under which it may be replaced; no number: something else is there. */
  async #stored(signal: AbortSignal) {
    const entry = await this.#options.store.get(this.#options.key, { signal });
    const text = entry?.value ?? "0";
    const number = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    const condition = entry === undefined ? ("absent" as const) : { revision: entry.revision };
    return { number, condition };
  }
}
