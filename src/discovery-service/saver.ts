import type { Logger } from "../telemetry/logger.ts";
import type { Clock } from "./types.ts";

export interface SaverOptions {
  /** Writes the present state; one call at a time. */
  readonly write: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Changes of this long are written together, milliseconds. */
const coalesceMs = 1000;
/** A disk that failed is tried again after this, milliseconds. */
const retryMs = 10_000;

/** Decides when to write: soon, together, and again when the disk failed. */
export class Saver implements AsyncDisposable {
  readonly #options: SaverOptions;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isDirty = false;
  #closed = false;
  #failure: Error | undefined;

  constructor(options: SaverOptions) {
    this.#options = options;
  }

  /** Why the last write failed; undefined: the disk has it, or will have it within a moment. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Something changed: it will be written within a second, with whatever else changes until then. */
  changed(): void {
    this.#isDirty = true;
    if (!this.#closed) this.#cancel ??= this.#options.clock.after(coalesceMs, () => this.#timeUp());
  }

  /** Resolves when everything up to now is on the disk; who asks while one write is under way shares the next. Rejects when it cannot be. */
  flush(): Promise<void> {
    if (this.#next) return this.#next;
    const earlier = this.#writing ?? Promise.resolve();
    this.#next = earlier
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#writing = this.#write();
        return this.#writing;
      });
    return this.#next;
  }

  /** Writes what is not written yet. A disk that refuses is logged. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    if (this.#isDirty || this.#writing) await this.flush().catch(() => undefined);
  }

  #timeUp(): void {
    this.#cancel = undefined;
    if (this.#isDirty) this.flush().catch(() => undefined); // logged, and tried again
  }

  async #write(): Promise<void> {
    const { write, clock, log } = this.#options;
    this.#isDirty = false;
    try {
      await write();
      if (this.#failure) log.info("the clusters are on the disk again");
      this.#failure = undefined;
    } catch (error) {
      this.#isDirty = true;
      if (this.#failure?.message !== (error as Error).message) {
        log.warn(
          { err: error },
          "the clusters cannot be saved: serving from memory, changes since the last save end with this process",
        );
      }
      this.#failure = error as Error;
      this.#cancel?.();
      this.#cancel = this.#closed ? undefined : clock.after(retryMs, () => this.#timeUp());
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }
}
