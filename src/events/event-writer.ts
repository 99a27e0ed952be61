import type { Writable } from "node:stream";
import type { Clock } from "./types.ts";

export interface EventWriterOptions {
  /** Chunks that may wait for a slow client (events.md §1). */
  readonly maxQueued?: number;
  /** Characters that may wait. */
  readonly maxQueuedChars?: number;
  /** How long a client may leave us unable to write, in milliseconds. */
  readonly stuckMs?: number;
}

const defaults = { maxQueued: 10_000, maxQueuedChars: 16 * 1024 * 1024, stuckMs: 10_000 };

/** What is written in one turn goes out together, but no more characters of it than this. */
const MAX_TOGETHER_CHARS = 64 * 1024;

/**
 * Writes to one client without ever waiting for it: what does not fit is queued within bounds, and a client that is too slow is cut off. All that is
 * written in one turn of the event loop is one write at its end, because a write costs more than many events.
 */
export class EventWriter {
  readonly #sink: Writable;
  readonly #clock: Clock;
  readonly #limits: Required<EventWriterOptions>;
  readonly #endTurn: () => void;
  #queue: string[] = [];
  #queuedChars = 0;
  #turnEnds = false;
  #ending = false;
  #stopWatch: (() => void) | undefined;

  constructor(sink: Writable, clock: Clock, options: EventWriterOptions = {}) {
    this.#sink = sink;
    this.#clock = clock;
    this.#limits = { ...defaults, ...options };
    this.#endTurn = () => {
      this.#turnEnds = false;
      if (this.#stopWatch === undefined) this.#send();
    };
    sink.on("drain", () => this.#flush());
    sink.on("close", () => this.#release());
  }

  /** Sends a chunk at the end of the turn, or as soon as the client has room. */
  write(chunk: string): void {
    if (this.#ending || this.#sink.destroyed) return;
    this.#queue.push(chunk);
    this.#queuedChars += chunk.length;
    if (this.#stopWatch !== undefined) {
      const { maxQueued, maxQueuedChars } = this.#limits;
      if (this.#queue.length > maxQueued || this.#queuedChars > maxQueuedChars) this.#sink.destroy();
    } else if (this.#queuedChars >= MAX_TOGETHER_CHARS) {
      this.#send();
    } else if (!this.#turnEnds) {
      this.#turnEnds = true;
      process.nextTick(this.#endTurn);
    }
  }

  /** Ends the stream once everything written so far has gone out. Idempotent. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#stopWatch === undefined) this.#send();
    if (this.#queue.length === 0) this.#finish();
  }

  /** All that is queued. */
  #send(): void {
    if (this.#queue.length === 0 || this.#sink.destroyed) return;
    const text = this.#queue.join("");
    this.#queue = [];
    this.#queuedChars = 0;
    if (this.#sink.write(text)) return;
    this.#stopWatch = this.#clock.after(this.#limits.stuckMs, () => this.#sink.destroy());
  }

  #flush(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    this.#send();
    if (this.#ending) this.#finish();
  }

  /** The rest sits in the sink's own buffer; it too may take no longer than a stuck write. */
  #finish(): void {
    this.#stopWatch ??= this.#clock.after(this.#limits.stuckMs, () => this.#sink.destroy());
    this.#sink.end();
  }

  #release(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    this.#queue = [];
    this.#queuedChars = 0;
  }
}
