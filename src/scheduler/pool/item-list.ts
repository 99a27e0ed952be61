import type { Candidate, Dimension, Items, TextPattern } from "../types.ts";
import { emptyBits, putBit, type Bits } from "./bits.ts";
import { ChangeLog } from "./change-log.ts";
import { RecentlyUsed } from "./recently-used.ts";
import { TextIndex } from "./text-index.ts";

/** So many readings of one list are indexed at once. */
const MOST_INDEXES = 32;
/** So many patterns have their matches counted at once. */
const MOST_COUNTS = 64;
/** Changes kept for patterns that are asked seldom; they hold the items that are gone. */
const KEPT_CHANGES = 2_048;

type Item = Items[keyof Items];

interface ItemChange {
  readonly slot: number;
  readonly item: Item;
  readonly added: boolean;
}

interface Counts {
  readonly bySlot: Int32Array;
  readonly bits: Bits;
  seen: number;
}

interface Index {
  readonly dimension: Dimension;
  readonly texts: TextIndex;
}

/**
 * One list of all candidates: their containers, say. Literals are found in an index of texts, other patterns by counting what matches on each slot; both
 * follow what comes and goes. Costs nothing before it is first asked.
 */
export class ItemList {
  readonly #of: keyof Items;
  readonly #capacity: number;
  /** By slot: each item known, and the round in which it was last seen. */
  readonly #known = new Map<number, Map<Item, number>>();
  /** By slot: the list as it was when last read; the same object has not changed. */
  readonly #read = new Map<number, Iterable<Item>>();
  /** By slot: what the node is called. */
  readonly #nodes = new Map<number, string>();
  readonly #changes = new ChangeLog<ItemChange>(KEPT_CHANGES);
  readonly #indexes = new RecentlyUsed<Index>(MOST_INDEXES);
  readonly #counts = new RecentlyUsed<Counts>(MOST_COUNTS);
  #round = 0;

  constructor(of: keyof Items, capacity: number) {
    this.#of = of;
    this.#capacity = capacity;
  }

  /** Reads a candidate's list again. @param candidate undefined: the slot has none now */
  refresh(slot: number, node: string, candidate: Candidate | undefined): void {
    const list: Iterable<Item> = candidate?.[this.#of] ?? [];
    if (this.#read.get(slot) === list) return;
    this.#read.set(slot, list);
    this.#nodes.set(slot, node);
    const known = this.#known.get(slot) ?? new Map<Item, number>();
    this.#known.set(slot, known);
    const round = ++this.#round;
    let seen = 0;
    for (const item of list) {
      if (!known.has(item)) this.#changed({ slot, item, added: true });
      known.set(item, round);
      seen += 1;
    }
    if (known.size === seen) return;
    for (const [item, lastSeen] of known) {
      if (lastSeen === round) continue;
      known.delete(item);
      this.#changed({ slot, item, added: false });
    }
  }

  #changed(change: ItemChange): void {
    this.#changes.add(change);
    for (const { dimension, texts } of this.#indexes.values()) this.#indexItem(dimension, texts, change);
  }

  #indexItem(dimension: Dimension, texts: TextIndex, { slot, item, added }: ItemChange): void {
    dimension.someText(item, this.#nodes.get(slot) ?? "", (text) => {
      if (added) texts.add(text, slot);
      else texts.remove(text, slot);
      return false;
    });
  }

  /** Adds the slots that have an item of this text to a set. */
  collect(dimension: Dimension, text: string, into: Bits): void {
    let index = this.#indexes.get(dimension.name);
    if (index === undefined) {
      index = { dimension, texts: new TextIndex() };
      for (const [slot, items] of this.#known) {
        for (const item of items.keys()) this.#indexItem(dimension, index.texts, { slot, item, added: true });
      }
      this.#indexes.set(dimension.name, index);
    }
    index.texts.collect(text, into);
  }

  /** The slots that have an item which matches. Not to be changed. */
  matching(dimension: Dimension, pattern: TextPattern): Bits {
    const key = `${dimension.name} ${pattern.source}`;
    const test = (text: string): boolean => pattern.matches(text);
    let counts = this.#counts.get(key);
    if (counts !== undefined && this.#changes.reaches(counts.seen)) {
      const current = counts;
      this.#changes.since(counts.seen, (change) => this.#count(dimension, test, current, change));
    } else {
      counts = { bySlot: new Int32Array(this.#capacity), bits: emptyBits(this.#capacity), seen: 0 };
      for (const [slot, items] of this.#known) {
        for (const item of items.keys()) this.#count(dimension, test, counts, { slot, item, added: true });
      }
      this.#counts.set(key, counts);
    }
    counts.seen = this.#changes.end;
    return counts.bits;
  }

  #count(
    dimension: Dimension,
    test: (text: string) => boolean,
    { bySlot, bits }: Counts,
    { slot, item, added }: ItemChange,
  ): void {
    if (!dimension.someText(item, this.#nodes.get(slot) ?? "", test)) return;
    const count = (bySlot[slot] ?? 0) + (added ? 1 : -1);
    bySlot[slot] = count;
    putBit(bits, slot, count > 0);
  }
}
