import { putBit, type Bits } from "./bits.ts";

/** Slots with a text, and how many times each has it. */
interface Posting {
  readonly counts: Map<number, number>;
  /** The same as a bitmap, once asked for. */
  bits: Bits | undefined;
}

/** Above this a bitmap is kept. */
const MANY = 16;

/** Which slots have an item of which text. */
export class TextIndex {
  /** A text that one slot has once, as most have, is kept as the slot alone. */
  readonly #slots = new Map<string, number | Posting>();

  add(text: string, slot: number): void {
    const found = this.#slots.get(text);
    if (found === undefined) this.#slots.set(text, slot);
    else if (typeof found === "number") {
      const counts = new Map([[found, 1]]);
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
      this.#slots.set(text, { counts, bits: undefined });
    } else {
      found.counts.set(slot, (found.counts.get(slot) ?? 0) + 1);
      if (found.bits !== undefined) putBit(found.bits, slot, true);
    }
  }

  remove(text: string, slot: number): void {
    const found = this.#slots.get(text);
    if (typeof found === "number") {
      if (found === slot) this.#slots.delete(text);
      return;
    }
    const left = (found?.counts.get(slot) ?? 0) - 1;
    if (found === undefined || left < 0) return;
    if (left > 0) {
      found.counts.set(slot, left);
      return;
    }
    found.counts.delete(slot);
    if (found.bits !== undefined) putBit(found.bits, slot, false);
    if (found.counts.size === 0) this.#slots.delete(text);
  }

  /** Adds the slots with this text to a set. */
  collect(text: string, into: Bits): void {
    const found = this.#slots.get(text);
    if (found === undefined) return;
    if (typeof found === "number") {
      putBit(into, found, true);
      return;
    }
    if (found.counts.size <= MANY) {
      for (const slot of found.counts.keys()) putBit(into, slot, true);
      return;
    }
    const bits = (found.bits ??= bitsOf(found.counts.keys(), into.length));
    for (let at = 0; at < bits.length; at += 1) into[at] = (into[at] ?? 0) | (bits[at] ?? 0);
  }
}

function bitsOf(slots: Iterable<number>, words: number): Bits {
  const bits = new Uint32Array(words);
  for (const slot of slots) putBit(bits, slot, true);
  return bits;
}
