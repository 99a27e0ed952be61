import type { Logger } from "pino";
import { Sleeper } from "../../cluster/sleeper.ts";
import { errorText } from "../../errors.ts";
import type { WantedBook } from "./book.ts";

/** Pauses between attempts, milliseconds. */
const RETRY_MS = { first: 500, longest: 5_000 };

export interface BookReadingDependencies {
  readonly book: Pick<WantedBook, "load">;
  readonly log: Logger;
  readonly random: () => number;
}

/** The reading of the book with which a term begins. */
export class BookReading {
  readonly #dependencies: BookReadingDependencies;
  #current: Promise<void> | undefined;

  constructor(dependencies: BookReadingDependencies) {
    this.#dependencies = dependencies;
  }

  /** Under way: settles when it is over. Undefined: none is. */
  get current(): Promise<void> | undefined {
    return this.#current;
  }

  /** Everything known is read first, however long the store takes: acting on half of it would move what is well. Never rejects. */
  async read(signal: AbortSignal): Promise<void> {
    const reading = this.#tryOn(signal);
    this.#current = reading;
    try {
      await reading;
    } finally {
      this.#current = undefined;
    }
  }

  async #tryOn(signal: AbortSignal): Promise<void> {
    const { book, log, random } = this.#dependencies;
    const isOver = (): boolean => signal.aborted;
    let pauseMs = RETRY_MS.first;
    let told = "";
    while (!isOver()) {
      try {
        await book.load(signal);
        return;
      } catch (error) {
        if (isOver()) return;
        const text = errorText(error);
        if (text !== told)
          log.warn(
            { error: text },
            "wanted containers cannot be read: nothing is rescheduled until they are",
          );
        told = text;
      }
      await new Sleeper().sleep(pauseMs * (0.75 + random() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, RETRY_MS.longest);
    }
  }
}
