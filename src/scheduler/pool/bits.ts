/** Sets of slots as bitmaps: slot `n` is bit `n % 32` of word `n / 32`. */

/** Thirty-two slots a word. A set that others may hold is never changed. Words are read with `| 0`: signed integers are quicker. */
export type Bits = Uint32Array;

export const WORD = 32;

/** An empty set with room for so many slots. */
export const emptyBits = (slots: number): Bits => new Uint32Array(Math.ceil(slots / WORD));

export const hasBit = (bits: Bits, slot: number): boolean =>
  ((bits[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;

/** Puts the slot in or takes it out. */
export function putBit(bits: Bits, slot: number, present: boolean): void {
  const word = bits[slot >>> 5] ?? 0;
  bits[slot >>> 5] = present ? word | (1 << (slot & 31)) : word & ~(1 << (slot & 31));
}

export function isEmptyBits(bits: Bits): boolean {
  for (const word of bits) if (word !== 0) return false;
  return true;
}

/** The slots of `bits` that are in `others` (or are not, with `wanted` false); `bits` itself when that is all of them. */
export function intersect(bits: Bits, others: Bits, wanted = true): Bits {
  const flip = wanted ? 0 : -1;
  let kept: Bits | undefined;
  for (let at = 0; at < bits.length; at += 1) {
    const word = (bits[at] ?? 0) | 0;
    const both = word & ((others[at] ?? 0) ^ flip);
    if (both !== word) (kept ??= bits.slice())[at] = both;
  }
  return kept ?? bits;
}

export function countBits(bits: Bits): number {
  let sum = 0;
  for (const given of bits) {
    for (let word = given | 0; word !== 0; word &= word - 1) sum += 1;
  }
  return sum;
}

/** The slots in rising order, into an array. */
export function slotsOf(bits: Bits): number[] {
  const slots: number[] = [];
  for (const [at, given] of bits.entries()) {
    for (let word = given | 0; word !== 0; word &= word - 1) slots.push(at * WORD + lowestBit(word));
  }
  return slots;
}

/** The place of the lowest bit of a word that has one. */
export const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
