import { malformed } from "./answer-head.ts";

/** Longer size lines and trailers, chunk extensions included, are not chunk framing. */
const MAX_LINE_BYTES = 4_096;
/** More trailers than that nobody sends. */
const MAX_TRAILERS = 64;
const LINE_FEED = 10;

/** Takes the chunk framing off a body, from pieces of any size. */
export class ChunkedBody {
  #state: "size" | "data" | "data-end" | "trailers" | "done" = "size";
  /** To come of the present chunk. */
  #missing = 0;
  /** A line whose end has not come. */
  #begun = "";
  #trailers = 0;

  get isDone(): boolean {
    return this.#state === "done";
  }

  /**
   * @param keep told where in the piece data lies
   * @returns where what was read ends: the piece's end, or the body's
   * @throws an error with a code of Node's parser
   */
  take(piece: Buffer, start: number, keep: (from: number, to: number) => void): number {
    let at = start;
    while (at < piece.length && this.#state !== "done") {
      if (this.#state !== "data") {
        at = this.#takeLine(piece, at);
        continue;
      }
      const end = Math.min(piece.length, at + this.#missing);
      keep(at, end);
      this.#missing -= end - at;
      if (this.#missing === 0) this.#state = "data-end";
      at = end;
    }
    return at;
  }

  /** @returns where the line ends, or the piece */
  #takeLine(piece: Buffer, at: number): number {
    const lineFeed = piece.indexOf(LINE_FEED, at);
    const end = lineFeed < 0 ? piece.length : lineFeed + 1;
    // One byte too many is enough to see that it is too long.
    const line = this.#begun + piece.toString("latin1", at, Math.min(end, at + MAX_LINE_BYTES + 1));
    if (line.length > MAX_LINE_BYTES) throw malformed("HPE_INVALID_CHUNK_SIZE", "Line too long");
    this.#begun = lineFeed < 0 ? line : "";
    if (lineFeed < 0) return end;
    if (!line.endsWith("\r\n")) throw malformed("HPE_CR_EXPECTED", "Missing expected CR");
    this.#endLine(line.slice(0, -2));
    return end;
  }

  #endLine(line: string): void {
    if (this.#state === "size") {
      const size = /^[0-9a-f]{1,12}(?=$|[ \t;])/i.exec(line)?.[0];
      if (size === undefined) throw malformed("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size");
      this.#missing = Number.parseInt(size, 16);
      this.#state = this.#missing === 0 ? "trailers" : "data";
    } else if (this.#state === "data-end") {
      if (line !== "") throw malformed("HPE_STRICT", "Expected LF after chunk data");
      this.#state = "size";
    } else if (line === "") {
      this.#state = "done";
    } else if (++this.#trailers > MAX_TRAILERS) {
      throw malformed("HPE_HEADER_OVERFLOW", "Header overflow");
    }
  }
}
