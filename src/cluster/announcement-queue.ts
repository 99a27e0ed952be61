import type { EngineEvent } from "../docker/types.ts";

interface Waiting {
  readonly event: EngineEvent;
  isApplied: boolean;
}

/**
 * Announces the events of one engine in order, each once the engine's cache has it: in the same turn, unless it or one before it has to be
 * waited for.
 */
export class AnnouncementQueue {
  readonly #announce: (event: EngineEvent) => void;
  readonly #onEmpty: () => void;
  /** Oldest first. */
  readonly #waiting: Waiting[] = [];

  /** @param onEmpty nothing waits any more */
  constructor(announce: (event: EngineEvent) => void, onEmpty: () => void) {
    this.#announce = announce;
    this.#onEmpty = onEmpty;
  }

  /** Events that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** @param applied settles when the cache has it, or has failed on it; undefined: it has it now */
  add(event: EngineEvent, applied: Promise<void> | undefined): void {
    if (applied === undefined && this.#waiting.length === 0) {
      this.#announce(event);
      return;
    }
    const entry: Waiting = { event, isApplied: applied === undefined };
    this.#waiting.push(entry);
    const settled = (): void => {
      entry.isApplied = true;
      this.#announceApplied();
    };
    applied?.then(settled, settled);
  }

  #announceApplied(): void {
    while (this.#waiting[0]?.isApplied === true) {
      const { event } = this.#waiting[0];
      this.#waiting.shift();
      this.#announce(event);
    }
    if (this.#waiting.length === 0) this.#onEmpty();
  }
}
