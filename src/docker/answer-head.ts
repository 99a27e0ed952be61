/** What the head of an answer says of its body and of the connection. The rest of it nobody asks for. */
export class AnswerHead {
  readonly status: number;
  /** Bytes of the body; undefined: it does not say. */
  length: number | undefined;
  isChunked = false;
  /** How long the connection may be used again, milliseconds: 0 not at all, `Infinity` it does not say. */
  readonly keptMs: number;
  #isCoded = false;
  #saysClose = false;
  #saysKeepAlive = false;
  #timeoutMs = Infinity;

  /**
   * @param text status line and headers, each with its line end, without the empty line
   * @throws an error with a code of Node's parser
   */
  constructor(text: string) {
    let at = endOfLine(text, 0);
    const [, minor, status] = STATUS_LINE.exec(text.slice(0, at - 2)) ?? [];
    if (status === undefined) throw malformed("HPE_INVALID_STATUS", "Invalid status line");
    this.status = Number(status);
    while (at < text.length) {
      const end = endOfLine(text, at);
      this.#takeHeader(text, at, end - 2);
      at = end;
    }
    const isKept = !this.#saysClose && (minor === "1" || this.#saysKeepAlive);
    this.keptMs = isKept ? this.#timeoutMs : 0;
    // Where the body ends must not be a matter of taste.
    if (this.#isCoded && this.length !== undefined)
      throw malformed(
        "HPE_UNEXPECTED_CONTENT_LENGTH",
        "Content-Length can't be present with chunked encoding",
      );
  }

  #takeHeader(text: string, start: number, end: number): void {
    const colon = text.indexOf(":", start);
    // No name, one with a space behind it, or the continuation of the line before.
    if (colon <= start || colon >= end || isSpace(text, start) || isSpace(text, colon - 1))
      throw malformed("HPE_INVALID_HEADER_TOKEN", "Invalid header token");
    // By its length a name is known to be none of ours, for nearly all of them.
    if (!LENGTHS.has(colon - start)) return;
    const value = text
      .slice(colon + 1, end)
      .trim()
      .toLowerCase();
    switch (text.slice(start, colon).toLowerCase()) {
      case "content-length":
        this.#takeLength(value);
        break;
      case "transfer-encoding":
        this.#isCoded = true;
        this.isChunked = /(?:^|,)[ \t]*chunked$/.test(value);
        break;
      case "connection":
        if (/(?:^|[ \t,])close(?:$|[ \t,])/.test(value)) this.#saysClose = true;
        else if (value === "keep-alive") this.#saysKeepAlive = true;
        break;
      case "keep-alive": {
        const seconds = /(?:^|[ \t,])timeout=(\d+)/.exec(value)?.[1];
        // A second less, so that the engine does not close it at the same moment as we use it.
        if (seconds !== undefined) this.#timeoutMs = Math.max(Number(seconds) - 1, 0) * 1_000;
        break;
      }
    }
  }

  #takeLength(value: string): void {
    const length = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (Number.isNaN(length) || (this.length !== undefined && this.length !== length))
      throw malformed("HPE_INVALID_CONTENT_LENGTH", "Invalid Content-Length");
    this.length = length;
  }
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d{2})(?: |$)/;
const LENGTHS: ReadonlySet<number> = new Set(
  ["content-length", "transfer-encoding", "connection", "keep-alive"].map(({ length }) => length),
);

/** What is not HTTP, in the words of Node's parser. */
export const malformed = (code: string, reason: string): Error =>
  Object.assign(new Error(`Parse Error: ${reason}`), { code });

/** Where the next line begins. A bare line feed is no line end: others might disagree. */
function endOfLine(text: string, at: number): number {
  const lineFeed = text.indexOf("\n", at);
  if (text[lineFeed - 1] !== "\r" || lineFeed - 1 < at)
    throw malformed("HPE_CR_EXPECTED", "Missing expected CR");
  return lineFeed + 1;
}

const isSpace = (text: string, at: number): boolean => text[at] === " " || text[at] === "\t";
