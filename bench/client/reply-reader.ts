/** An HTTP answer as the load generator sees it. */
export interface Reply {
  readonly status: number;
  /** Status line and headers, as they came. */
  readonly head: string;
  /** Of the body, without chunk framing. */
  readonly bodyBytes: number;
  /** Empty unless it was to be kept. */
  readonly body: Buffer;
}

/** Gets a piece of a body; its memory is used again after the call. */
export type BodyTaker = (piece: Buffer) => unknown;

type Phase = "head" | "fixed" | "chunk-size" | "chunk" | "chunk-end" | "to-close" | "done";

const EMPTY = Buffer.alloc(0);
const CR = 13;
const LF = 10;

/**
 * Reads one HTTP/1.1 answer from whatever pieces it comes in. As little as a load generator needs: no trailers, no `100 Continue`. Pieces
 * that are kept are copied, because the caller reads into the same memory again.
 */
export class ReplyReader {
  readonly #take: BodyTaker;
  #phase: Phase = "head";
  #head = "";
  #status = 0;
  /** Bytes that the present phase still waits for. */
  #left = 0;
  #bodyBytes = 0;
  #line = "";
  readonly #kept: Buffer[] = [];

  /** @param body what becomes of it: only counted, kept, or given to somebody piece by piece */
  constructor(body: "count" | "keep" | BodyTaker) {
    this.#take =
      body === "count"
        ? () => undefined
        : body === "keep"
          ? (piece) => this.#kept.push(Buffer.from(piece))
          : body;
  }

  get isDone(): boolean {
    return this.#phase === "done";
  }

  /** Whether the head is here. */
  get hasHead(): boolean {
    return this.#phase !== "head";
  }

  /** What was read; meaningful once {@link isDone}. */
  get reply(): Reply {
    const body = this.#kept.length === 1 ? (this.#kept[0] ?? EMPTY) : Buffer.concat(this.#kept);
    return { status: this.#status, head: this.#head, bodyBytes: this.#bodyBytes, body };
  }

  /** The connection was closed: the end of an answer that says no length. */
  close(): void {
    if (this.#phase === "to-close") this.#phase = "done";
  }

  /** @returns how many of the bytes belong to this answer; the rest is the next one's, or a stream's */
  read(data: Buffer): number {
    let at = 0;
    while (at < data.length && this.#phase !== "done") at = this.#step(data, at);
    return at;
  }

  #step(data: Buffer, at: number): number {
    switch (this.#phase) {
      case "head":
        return this.#readHead(data, at);
      case "chunk-size":
        return this.#readChunkSize(data, at);
      case "chunk-end":
        return this.#readChunkEnd(data, at);
      case "fixed":
      case "chunk":
      case "to-close":
        return this.#readBody(data, at);
      case "done":
        return at;
    }
  }

  #readHead(data: Buffer, at: number): number {
    // The end mark may lie across two pieces.
    const before = this.#head.length;
    this.#head += data.toString("latin1", at, Math.min(data.length, at + 16_384));
    const end = this.#head.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end < 0) return Math.min(data.length, at + 16_384);
    const used = end + 4 - before;
    this.#head = this.#head.slice(0, end + 2);
    this.#status = Number(this.#head.slice(9, 12));
    this.#begin();
    return at + used;
  }

  #begin(): void {
    if (this.#status === 204 || this.#status === 304 || this.#status === 101) {
      this.#phase = "done";
      return;
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1];
    if (length !== undefined) {
      this.#left = Number(length);
      this.#phase = this.#left === 0 ? "done" : "fixed";
    } else {
      this.#phase = /\r\ntransfer-encoding: *chunked/i.test(this.#head) ? "chunk-size" : "to-close";
      this.#left = Infinity;
    }
  }

  #readBody(data: Buffer, at: number): number {
    const end = Math.min(data.length, at + this.#left);
    this.#left -= end - at;
    this.#bodyBytes += end - at;
    this.#take(data.subarray(at, end));
    if (this.#left === 0) {
      this.#phase = this.#phase === "chunk" ? "chunk-end" : "done";
      this.#left = 2;
    }
    return end;
  }

  #readChunkSize(data: Buffer, at: number): number {
    const end = data.indexOf(LF, at);
    this.#line += data.toString("latin1", at, end < 0 ? data.length : end);
    if (end < 0) return data.length;
    const size = Number.parseInt(this.#line, 16);
    this.#line = "";
    if (Number.isNaN(size)) throw new Error("the answer's chunks cannot be read");
    this.#left = size === 0 ? -1 : size;
    this.#phase = size === 0 ? "chunk-end" : "chunk";
    return end + 1;
  }

  /** The line end after a chunk; after the last one, of size 0, the answer is over. */
  #readChunkEnd(data: Buffer, at: number): number {
    const byte = data[at];
    if (byte !== CR && byte !== LF) throw new Error("the answer's chunks cannot be read");
    if (byte === LF) {
      this.#phase = this.#left < 0 ? "done" : "chunk-size";
    }
    return at + 1;
  }
}
