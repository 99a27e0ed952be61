import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";

/** How long the newest piece of an answer of unknown length may wait for the end it probably announces. */
const holdMs = 25;

/**
 * Passes an answer on but for its last piece, which waits for `beforeEnd`: a client takes an answer for complete when its last
 * byte is there, and what it asks next must already be true (api.md §4.1, A4).
 *
 * With a known length only the piece holding the last byte is kept. Without one the newest piece is kept until the next one,
 * the end, or 25 ms: enough for an engine that ends in the same breath, too short to be seen in a stream.
 */
export class HoldEnd extends Transform {
  readonly #beforeEnd: () => Promise<void>;
  #missingBytes: number | undefined;
  #kept: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param lengthBytes the answer's length where its headers tell it */
  constructor(beforeEnd: () => Promise<void>, lengthBytes: number | undefined) {
    super();
    this.#beforeEnd = beforeEnd;
    this.#missingBytes = lengthBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#release();
    if (this.#missingBytes === undefined) {
      this.#kept = chunk;
      this.#timer = setTimeout(() => this.#release(), holdMs);
    } else {
      this.#missingBytes -= chunk.length;
      if (this.#missingBytes > 0) this.push(chunk);
      else this.#kept = chunk;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    clearTimeout(this.#timer);
    const end = (): void => {
      if (this.destroyed) return;
      this.#release();
      done();
    };
    this.#beforeEnd().then(end, end);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }

  #release(): void {
    clearTimeout(this.#timer);
    if (this.#kept) this.push(this.#kept);
    this.#kept = undefined;
  }
}
