import { compareNatural } from "../natural-order.ts";
import type { Candidate } from "../types.ts";

interface Names {
  readonly name: string;
  readonly addr: string;
  readonly id: string;
  readonly engineId: string;
}

const NOBODY: Names = { name: "", addr: "", id: "", engineId: "" };
const NONE: readonly number[] = [];

/** What nodes are called, slot by slot, and what follows from it. Made anew when a name changes: hardly ever. */
export class NodeNames {
  readonly #names = new Map<number, Names>();
  #slotsByName: ReadonlyMap<string, readonly number[]> | undefined;
  readonly #order: Int32Array;
  #sorted: number[] = [];
  #orderHolds = false;

  constructor(capacity: number) {
    this.#order = new Int32Array(capacity);
  }

  of(slot: number): string {
    return this.#names.get(slot)?.name ?? "";
  }

  /** @returns whether the node is called otherwise than before */
  read(slot: number, { name, addr, id, engineId }: Candidate): boolean {
    const old = this.#names.get(slot);
    if (old?.name === name && old.addr === addr && old.id === id && old.engineId === engineId) return false;
    if (old === undefined) this.#sorted.push(slot);
    this.#names.set(slot, { name, addr, id, engineId });
    this.#slotsByName = undefined;
    this.#orderHolds = false;
    return true;
  }

  /** The nodes with this name, ID or address. */
  called(text: string): readonly number[] {
    return (this.#slotsByName ??= this.#byName()).get(text) ?? NONE;
  }

  #byName(): ReadonlyMap<string, readonly number[]> {
    const found = new Map<string, number[]>();
    for (const [slot, names] of this.#names) {
      for (const text of new Set([names.name, names.addr, names.id, names.engineId])) {
        const slots = found.get(text);
        if (slots === undefined) found.set(text, [slot]);
        else slots.push(slot);
      }
    }
    return found;
  }

  /** The place of each slot in the natural order of names, then addresses. */
  get order(): Int32Array {
    if (!this.#orderHolds) {
      const of = (slot: number): Names => this.#names.get(slot) ?? NOBODY;
      // Nearly sorted from the last time, which makes it quick.
      this.#sorted.sort(
        (a, b) => compareNatural(of(a).name, of(b).name) || compareNatural(of(a).addr, of(b).addr),
      );
      for (const [place, slot] of this.#sorted.entries()) this.#order[slot] = place;
      this.#orderHolds = true;
    }
    return this.#order;
  }
}
