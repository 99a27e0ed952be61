import { quote } from "./go-values.ts";

const nanosecondsIn: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const longest = 2n ** 63n - 1n;

/**
 * Reads a Go duration: `1m30s`, `1.5h`, `300ms`, `0`, optionally signed.
 * @returns milliseconds, with a fraction below one
 * @throws Error with Go's text: `time: invalid duration "abc"`, `time: missing unit in duration "60"`
 */
export function parseDuration(text: string): number {
  const negative = text.startsWith("-");
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0;
  if (rest === "") throw invalid(text);
  let total = 0n;
  while (rest !== "") {
    const [part = "", digits = "", fraction = "", unit = ""] = /^(\d*)\.?(\d*)([^.\d]*)/.exec(rest) ?? [];
    if (digits + fraction === "") throw invalid(text);
    if (unit === "") throw new Error(`time: missing unit in duration ${quote(text)}`);
    const scale = Object.hasOwn(nanosecondsIn, unit) ? nanosecondsIn[unit] : undefined;
    if (scale === undefined) throw new Error(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    total += BigInt(digits || "0") * scale;
    if (fraction !== "") total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    if (total > longest) throw invalid(text);
    rest = rest.slice(part.length);
  }
  const milliseconds = Number(total) / 1e6;
  return negative ? -milliseconds : milliseconds;
}

function invalid(text: string): Error {
  return new Error(`time: invalid duration ${quote(text)}`);
}
