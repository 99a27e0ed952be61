const ZERO = 48;
const NINE = 57;

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
function skipDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at;
}
function skipZeros(text: string, from: number, end: number): number {
  let at = from;
  while (at < end - 1 && text.charCodeAt(at) === ZERO) at += 1;
  return at;
}

/**
 * Orders names as people do: runs of digits count as numbers of any size, spaces are passed over, digits come before everything else, the
 * empty name is first (spec: api.md §6, the rows of `/info`). Names that differ only in zeros or spaces fall back to plain order, so
 * the order is total. Allocates nothing for names without spaces: it runs inside the ranking of thousands of engines.
 */
export function compareNatural(a: string, b: string): number {
  const spaced = a.includes(" ") || b.includes(" ");
  const order = spaced
    ? compareSpaceless(a.replaceAll(" ", ""), b.replaceAll(" ", ""))
    : compareSpaceless(a, b);
  if (order !== 0) return order;
  return a < b ? -1 : Number(a > b);
}

function compareSpaceless(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(j);
    if (isDigit(left) && isDigit(right)) {
      const endA = skipDigits(a, i);
      const endB = skipDigits(b, j);
      const byNumber = compareNumbers(a, skipZeros(a, i, endA), endA, b, skipZeros(b, j, endB), endB);
      if (byNumber !== 0) return byNumber;
      i = endA;
      j = endB;
    } else if (left !== right) {
      if (isDigit(left) !== isDigit(right)) return isDigit(left) ? -1 : 1;
      return left - right;
    } else {
      i += 1;
      j += 1;
    }
  }
  return Number(i < a.length) - Number(j < b.length);
}

/** Two digit runs without leading zeros: the longer is larger, else the first difference decides. */
function compareNumbers(a: string, i: number, endA: number, b: string, j: number, endB: number): number {
  const byLength = endA - i - (endB - j);
  if (byLength !== 0) return byLength;
  for (let k = 0; i + k < endA; k += 1) {
    const difference = a.charCodeAt(i + k) - b.charCodeAt(j + k);
    if (difference !== 0) return difference;
  }
  return 0;
}
