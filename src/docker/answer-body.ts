import { finished, type Readable } from "node:stream";
import { errorText } from "../errors.ts";

/** The body of an answer, from its headers on: read by whoever iterates, or handed on as it arrives. One of the two, once. */
export class AnswerBody implements AsyncIterable<Uint8Array> {
  readonly #response: Readable;
  readonly #explained: (error: unknown) => Error;

  /** @param explained what the reader is told when the body breaks off */
  constructor(response: Readable, explained: (error: unknown) => Error) {
    this.#response = response;
    this.#explained = explained;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#response as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#response.destroy();
    }
  }

  /**
   * Hands on each piece in the turn in which it arrives. Resolves at the end; rejects when the body breaks off, or with what `onPiece` throws.
   */
  read(onPiece: (piece: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      finished(this.#response, { writable: false }, (error) => {
        this.#response.destroy();
        if (error) reject(this.#explained(error));
        else resolve();
      });
      this.#response.on("data", (piece: Uint8Array) => {
        try {
          onPiece(piece);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(errorText(error)));
          this.#response.destroy();
        }
      });
    });
  }

  /** What {@link read} hands on stops, at the latest after what has arrived already, until {@link resume}. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }
}
