/** Range patterns: `10.0.0.[1:3]:2375` stands for three addresses (spec: discovery.md §2). */

/** More addresses than this in one source are a typing error, not a cluster. */
export const maxAddresses = 10_000;

const range = /\[([+-]?\d+):([+-]?\d+)\]/;

/**
 * Expands every `[from:to]` of a pattern, the leftmost varying slowest. Bounds are inclusive and ascending; `[5:3]` yields
 * nothing, and brackets that hold anything else (`[::1]`) are taken literally.
 * @throws Error when the result would exceed `limit` addresses
 */
export function expandPattern(pattern: string, limit: number = maxAddresses): string[] {
  const parts = pattern.split(range);
  const ranges: { from: number; to: number }[] = [];
  const literals: string[] = [parts[0] ?? ""];
  for (let at = 1; at < parts.length; at += 3) {
    ranges.push({ from: Number(parts[at]), to: Number(parts[at + 1]) });
    literals.push(parts[at + 2] ?? "");
  }
  const count = ranges.reduce((product, { from, to }) => product * Math.max(0, to - from + 1), 1);
  if (count > limit) throw new TooManyAddressesError(pattern);

  let texts = [literals[0] ?? ""];
  ranges.forEach(({ from, to }, index) => {
    if (count === 0) return;
    const tail = literals[index + 1] ?? "";
    const numbers = Array.from({ length: to - from + 1 }, (_, offset) => `${from + offset}${tail}`);
    texts = texts.flatMap((head) => numbers.map((number) => head + number));
  });
  return count === 0 ? [] : texts;
}

/** A source names more than {@link maxAddresses} engines. */
export class TooManyAddressesError extends Error {
  constructor(where: string) {
    super(`more than ${maxAddresses} addresses: ${where}`);
    this.name = "TooManyAddressesError";
  }
}
