import type { IncomingMessage } from "node:http";

/** Cuts raw bytes behind a request head into the request's own body and what follows it. */
export interface BodyBoundary {
  /** The part of the next bytes which still belongs to the body, as received. */
  take(chunk: Buffer): { readonly body: Buffer; readonly rest: Buffer };
}

/** The boundary a request announces. Broken chunk framing ends the body where it breaks. */
export function bodyBoundary({ headers }: Pick<IncomingMessage, "headers">): BodyBoundary {
  if (headers["transfer-encoding"] !== undefined) return new ChunkedBoundary();
  return new LengthBoundary(Number(headers["content-length"] ?? 0));
}

class LengthBoundary implements BodyBoundary {
  #missing: number;

  constructor(length: number) {
    this.#missing = length;
  }

  take(chunk: Buffer): { body: Buffer; rest: Buffer } {
    const body = chunk.subarray(0, this.#missing);
    this.#missing -= body.length;
    return { body, rest: chunk.subarray(body.length) };
  }
}

/** Longer size lines, chunk extensions included, are not chunk framing. */
const maxLineBytes = 256;

/**
 * Follows chunk framing without decoding it: size lines, data of that size with its line end, trailers. To engines built with Go before 1.23.8 a bare
 * line feed ends a line, too; to us it breaks the framing, or what we take for a long line would be the end of the body and another request.
 */
class ChunkedBoundary implements BodyBoundary {
  #state: "size" | "data" | "trailers" | "done" = "size";
  #line = "";
  #missing = 0;

  take(chunk: Buffer): { body: Buffer; rest: Buffer } {
    let at = 0;
    while (at < chunk.length && this.#state !== "done") {
      if (this.#state === "data") {
        const step = Math.min(this.#missing, chunk.length - at);
        this.#missing -= step;
        at += step;
        if (this.#missing === 0) this.#state = "size";
      } else {
        const char = String.fromCharCode(chunk[at] ?? 0);
        if (char === "\n" && !this.#line.endsWith("\r")) {
          this.#state = "done";
          break;
        }
        this.#line += char;
        at += 1;
        if (this.#line.endsWith("\r\n")) this.#endLine(this.#line.slice(0, -2));
        else if (this.#line.length > maxLineBytes) this.#state = "done";
      }
    }
    return { body: chunk.subarray(0, at), rest: chunk.subarray(at) };
  }

  #endLine(line: string): void {
    this.#line = "";
    if (this.#state === "trailers") {
      if (line === "") this.#state = "done";
      return;
    }
    const size = /^[0-9a-f]{1,12}(?=$|[ \t;])/i.exec(line)?.[0];
    if (size === undefined) {
      this.#state = "done";
      return;
    }
    const bytes = Number.parseInt(size, 16);
    this.#missing = bytes + 2;
    this.#state = bytes === 0 ? "trailers" : "data";
  }
}
