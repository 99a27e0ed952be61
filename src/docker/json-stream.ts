import { StringDecoder } from "node:string_decoder";

/** One message of an engine stream may not be larger than this many characters. */
const MAX_MESSAGE_CHARS = 16 << 20;

/**
 * Splits a stream of JSON objects (newline-separated or simply concatenated, as old engines write them) into their texts. Whatever
 * stands between objects is skipped, and so is an object cut off by the end of the stream or longer than `maxChars` (16 MiB by
 * default: an event carries all labels of its container, and a stream that broke off at one would break off there for ever).
 */
export async function* jsonTexts(
  source: AsyncIterable<Uint8Array>,
  maxChars = MAX_MESSAGE_CHARS,
): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder("utf8");
  /** From the start of an unfinished object on. */
  let text = "";
  let scanned = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let oversize = false;
  for await (const chunk of source) {
    text += decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    let start = 0;
    for (; scanned < text.length; scanned++) {
      const code = text.charCodeAt(scanned);
      if (depth === 0) {
        if (code !== OPEN_BRACE) continue;
        start = scanned;
        depth = 1;
      } else if (inString) {
        if (escaped) escaped = false;
        else if (code === BACKSLASH) escaped = true;
        else if (code === QUOTE) inString = false;
      } else if (code === QUOTE) {
        inString = true;
      } else if (code === OPEN_BRACE) {
        depth++;
      } else if (code === CLOSE_BRACE && --depth === 0) {
        if (!oversize) yield text.slice(start, scanned + 1);
        oversize = false;
      }
    }
    text = depth === 0 || oversize ? "" : text.slice(start);
    if (text.length > maxChars) {
      oversize = true;
      text = "";
    }
    scanned = text.length;
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
