import { randomUUID } from "node:crypto";

/** Stands before the digits of an integer kept as text; nobody outside this process can write it. */
const MARK = `int:${randomUUID()}:`;

/** A string, to step over it, or an integer that may not fit a JavaScript number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, "g");

/**
 * Parses JSON that will be written again by {@link stringifyExact}: integers beyond 2^53 become opaque texts instead of losing digits.
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return JSON.parse(
    text.replace(TOKENS, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${MARK}${token}"`,
    ),
  ) as unknown;
}

/** The JSON of a value from {@link parseExact}, every digit as it was. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, "$1");
}
