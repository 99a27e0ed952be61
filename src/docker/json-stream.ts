import { StringDecoder } from "node:string_decoder";

/** One message of an engine stream may not be larger than this many characters. */
const MAX_MESSAGE_CHARS = 16 << 20;

/** The texts of a stream of JSON objects, as {@link JsonSplitter} finds them. */
export async function* jsonTexts(
  source: AsyncIterable<Uint8Array>,
  maxChars?: number,
): AsyncGenerator<string, void, undefined> {
  const found: string[] = [];
  const splitter = new JsonSplitter((text) => found.push(text), maxChars);
  for await (const chunk of source) {
    splitter.push(chunk);
    for (const text of found.splice(0)) yield text;
  }
}

/**
 * Splits a stream of JSON objects (newline-separated or simply concatenated, as old engines write them) into their texts. Whatever
 * stands between objects is skipped, and so is an object cut off by the end of the stream or longer than `maxChars` (16 MiB by
 * default: an event carries all labels of its container, and a stream that broke off at one would break off there for ever).
 */
export class JsonSplitter {
  readonly #found: (text: string) => void;
  readonly #maxChars: number;
  readonly #decoder = new StringDecoder("utf8");
  /** From the start of an unfinished object on; of one too long only what its end is found by. */
  #text = "";
  /** So much of the text needs no second look. */
  #scanned = 0;
  /** Open braces. */
  #depth = 0;
  #inString = false;
  #oversize = false;

  /** @param found hears of each object in the turn in which its last byte is pushed */
  constructor(found: (text: string) => void, maxChars = MAX_MESSAGE_CHARS) {
    this.#found = found;
    this.#maxChars = maxChars;
  }

  push(chunk: Uint8Array): void {
    const decoded = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const text = this.#text === "" ? decoded : this.#text + decoded;
    let start = 0;
    let at = this.#scanned;
    let depth = this.#depth;
    while (at < text.length) {
      if (depth === 0) {
        start = text.indexOf("{", at);
        if (start < 0) break;
        depth = 1;
        at = start + 1;
      } else if (this.#inString) {
        const end = stringEnd(text, at);
        if (end < 0) break;
        this.#inString = false;
        at = end + 1;
      } else {
        const code = text.charCodeAt(at++);
        if (code === QUOTE) this.#inString = true;
        else if (code === OPEN_BRACE) depth++;
        else if (code === CLOSE_BRACE && --depth === 0) this.#end(text.slice(start, at));
      }
    }
    this.#depth = depth;
    this.#keep(depth === 0 ? "" : text.slice(start));
  }

  #end(text: string): void {
    const tooLong = this.#oversize;
    this.#oversize = false;
    if (!tooLong) this.#found(text);
  }

  #keep(text: string): void {
    if (text.length > this.#maxChars) this.#oversize = true;
    // Whether the next quote ends a string is told by the backslashes before it.
    if (this.#oversize) this.#text = backslashesBefore(text, text.length) % 2 === 0 ? "" : "\\";
    else this.#text = text;
    this.#scanned = this.#text.length;
  }
}

/** The index of the quote that ends the string which `from` is in; -1: not here. */
function stringEnd(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote >= 0 && backslashesBefore(text, quote) % 2 === 1) quote = text.indexOf('"', quote + 1);
  return quote;
}

function backslashesBefore(text: string, index: number): number {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return index - first;
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
