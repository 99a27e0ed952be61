import { maxHeaderSize } from "node:http";
import { AnswerHead, malformed } from "./answer-head.ts";
import { ChunkedBody } from "./chunked-body.ts";

/** What an engine answered, whole. */
export interface WholeAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const BEGINNING = "HTTP/1.";

/**
 * Reads the answers that come one after another on a connection, from pieces of any size. Strict: what is not clearly HTTP/1.x is an error, and
 * the connection is of no use then. Keeps no piece, because the memory of one is used for the next.
 */
export class AnswerParser {
  #state: "idle" | "head" | "body" | "done" = "idle";
  #isHead = false;
  #maxBytes = 0;
  /** Of a head that has not come whole. */
  #begun: Buffer | undefined;
  #hasBegun = false;
  #hasSurplus = false;
  #head: AnswerHead | undefined;
  /** Of a body with a length: how much is still to come. Until the connection's end: `Infinity`. */
  #missing = 0;
  #chunks: ChunkedBody | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** Waits for the answer to a request of this method. @param maxBytes more than that is an error */
  expect(method: string, maxBytes: number): void {
    this.#state = "head";
    this.#isHead = method === "HEAD";
    this.#maxBytes = maxBytes;
    this.#hasBegun = false;
    this.#head = undefined;
    this.#chunks = undefined;
    this.#parts = [];
    this.#bytes = 0;
  }

  /** Has anything of the answer come? */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The answer, once, when it has come whole. */
  takeAnswer(): WholeAnswer | undefined {
    if (this.#state !== "done" || this.#head === undefined) return undefined;
    const parts = this.#parts;
    // An idle connection holds nothing of it.
    this.#parts = [];
    this.#state = "idle";
    const [only] = parts;
    const body = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
    return { status: this.#head.status, body };
  }

  /** How long the engine keeps the connection for another request, milliseconds: 0 not at all, `Infinity` it did not say. */
  get keptMs(): number {
    if (this.#head === undefined || this.#hasSurplus || this.#missing === Infinity) return 0;
    return this.#head.keptMs;
  }

  /** @throws TooLargeError; an error with a code of Node's parser when that is no HTTP */
  take(piece: Buffer): void {
    this.#hasBegun = true;
    let at = 0;
    while (at < piece.length && (this.#state === "head" || this.#state === "body"))
      at = this.#state === "head" ? this.#takeHead(piece, at) : this.#takeBody(piece, at);
    if (at < piece.length) this.#hasSurplus = true;
  }

  /** The engine will send no more. */
  end(): void {
    if (this.#state === "body" && this.#missing === Infinity) this.#state = "done";
  }

  /** @returns where what was read ends */
  #takeHead(piece: Buffer, at: number): number {
    const begun = this.#begun;
    const seen = begun === undefined ? piece : Buffer.concat([begun, piece.subarray(at)]);
    const start = begun === undefined ? at : 0;
    if (!BEGINNING.startsWith(seen.toString("latin1", start, start + BEGINNING.length)))
      throw malformed("HPE_INVALID_CONSTANT", "Expected HTTP/");
    const end = seen.indexOf(HEAD_END, start);
    if ((end < 0 ? seen.length : end) - start > maxHeaderSize)
      throw malformed("HPE_HEADER_OVERFLOW", "Header overflow");
    if (end < 0) {
      this.#begun = begun === undefined ? Buffer.from(seen.subarray(start)) : seen;
      return piece.length;
    }
    this.#begun = undefined;
    const head = new AnswerHead(seen.toString("latin1", start, end + 2));
    // Interim answers, such as 103, come before the real one; nobody asked for another protocol.
    if (head.status === 101) throw malformed("HPE_INVALID_STATUS", "Unexpected change of protocol");
    if (head.status >= 200) this.#startBody(head);
    return end + HEAD_END.length + (begun === undefined ? 0 : at - begun.length);
  }

  #startBody(head: AnswerHead): void {
    this.#head = head;
    this.#state = "body";
    const hasNone = this.#isHead || head.status === 204 || head.status === 304;
    if (hasNone) this.#missing = 0;
    else if (head.isChunked) {
      this.#missing = 0;
      this.#chunks = new ChunkedBody();
      return;
    } else this.#missing = head.length ?? Infinity;
    if (this.#missing !== Infinity && this.#missing > this.#maxBytes) throw new TooLargeError(this.#maxBytes);
    if (this.#missing === 0) this.#state = "done";
  }

  #takeBody(piece: Buffer, at: number): number {
    if (this.#chunks !== undefined) {
      const end = this.#chunks.take(piece, at, (from, to) => this.#keep(piece, from, to));
      if (this.#chunks.isDone) this.#state = "done";
      return end;
    }
    const end = Math.min(piece.length, at + this.#missing);
    this.#keep(piece, at, end);
    this.#missing -= end - at;
    if (this.#missing === 0) this.#state = "done";
    return end;
  }

  #keep(piece: Buffer, from: number, to: number): void {
    this.#bytes += to - from;
    if (this.#bytes > this.#maxBytes) throw new TooLargeError(this.#maxBytes);
    this.#parts.push(Buffer.from(piece.subarray(from, to)));
  }
}

/** An answer larger than was allowed. */
export class TooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
    this.name = new.target.name;
  }
}
