import type { IncomingMessage } from "node:http";

/** Follows the bytes behind a response's head up to the end of its body, so that they can be passed on undecoded. */
export interface RawFraming {
  /**
   * Hands over those of the next bytes that belong to the body, in up to two parts. Of a chunked body that is all but its end, the last chunk: whoever
   * sends the body on writes an end of his own.
   */
  take(piece: Buffer, pass: (part: Buffer) => void): void;
  /** `broken`: nobody can tell where the body ends. */
  readonly state: "open" | "done" | "broken";
}

/** The framing a response announces; undefined when only the end of the connection ends it. */
export function rawFraming({ headers }: Pick<IncomingMessage, "headers">): RawFraming | undefined {
  const encoding = headers["transfer-encoding"];
  if (encoding !== undefined) return encoding.toLowerCase() === "chunked" ? new Chunked() : undefined;
  const length = headers["content-length"];
  return length !== undefined && /^\d{1,15}$/.test(length) ? new Length(Number(length)) : undefined;
}

class Length implements RawFraming {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(piece: Buffer, pass: (part: Buffer) => void): void {
    const part = piece.length <= this.#left ? piece : piece.subarray(0, this.#left);
    this.#left -= part.length;
    if (part.length > 0) pass(part);
  }

  get state(): RawFraming["state"] {
    return this.#left === 0 ? "done" : "open";
  }
}

/** Longer size lines, chunk extensions included, are not chunk framing. */
const MAX_LINE_BYTES = 256;
const LF = 10;

class Chunked implements RawFraming {
  #state: "size" | "data" | "trailers" | "done" | "broken" = "size";
  /** To come of the present chunk and the line end behind it. */
  #left = 0;
  /** A line whose end has not come. */
  #begun = "";

  take(piece: Buffer, pass: (part: Buffer) => void): void {
    const held = this.#begun;
    let isHeld = held !== "";
    /** Everything before it is the body's. */
    let bodyEnd = 0;
    let at = 0;
    while (at < piece.length && this.state === "open") {
      if (this.#state === "data") {
        const step = Math.min(this.#left, piece.length - at);
        this.#left -= step;
        bodyEnd = at += step;
        if (this.#left === 0) this.#state = "size";
        continue;
      }
      at = this.#takeLine(piece, at);
      if (this.#isBetweenLines) continue;
      // What came of its line before belongs to the body, too, now that it is not the last chunk's.
      if (isHeld) pass(Buffer.from(held, "latin1"));
      isHeld = false;
      bodyEnd = at;
    }
    if (bodyEnd > 0) pass(bodyEnd === piece.length ? piece : piece.subarray(0, bodyEnd));
  }

  get state(): RawFraming["state"] {
    return this.#state === "done" || this.#state === "broken" ? this.#state : "open";
  }

  get #isBetweenLines(): boolean {
    return this.#state !== "data";
  }

  /** @returns where the line ends, or the piece */
  #takeLine(piece: Buffer, at: number): number {
    const lf = piece.indexOf(LF, at);
    const end = lf < 0 ? piece.length : lf + 1;
    // One byte too many is enough to see that it is too long.
    const line = this.#begun + piece.toString("latin1", at, Math.min(end, at + MAX_LINE_BYTES + 1));
    this.#begun = lf < 0 ? line : "";
    if (line.length > MAX_LINE_BYTES) this.#state = "broken";
    else if (lf >= 0) this.#endLine(line);
    return end;
  }

  #endLine(line: string): void {
    if (!line.endsWith("\r\n")) {
      this.#state = "broken";
    } else if (this.#state === "trailers") {
      if (line === "\r\n") this.#state = "done";
    } else {
      const size = /^[0-9a-f]{1,12}(?=[ \t;\r])/i.exec(line)?.[0];
      const bytes = size === undefined ? NaN : Number.parseInt(size, 16);
      this.#left = bytes + 2;
      this.#state = Number.isNaN(bytes) ? "broken" : bytes === 0 ? "trailers" : "data";
    }
  }
}
