/** Values spelled as Go's standard library spells them: scripts written for the original rely on it. */

const truths = ["1", "t", "T", "true", "TRUE", "True"];
const lies = ["0", "f", "F", "false", "FALSE", "False"];

/** `1 t T TRUE true True` and their opposites; undefined for anything else. */
export function parseGoBool(text: string): boolean | undefined {
  if (truths.includes(text)) return true;
  return lies.includes(text) ? false : undefined;
}

/** A whole number: decimal, `0x`, `0o`, `0b` or a leading `0` for octal; undefined when malformed or beyond 2^53. */
export function parseGoInt(text: string): number | undefined {
  const match = /^([+-]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/.exec(text);
  if (!match) return undefined;
  const digits = match[2] ?? "";
  const magnitude = Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(magnitude)) return undefined;
  return match[1] === "-" ? 0 - magnitude : magnitude;
}

/** A finite decimal number with optional fraction and exponent; undefined otherwise. */
export function parseGoFloat(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** The text in double quotes, as `%q` prints it. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
