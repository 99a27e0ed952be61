import { newestFirst } from "../container-order.ts";
import { Page, type Entry } from "./page.ts";

/** A page that grows to this is split in two. */
const MAX_ENTRIES = 128;
/** Neighbours that have no more than this together become one. */
const FEW_ENTRIES = 48;

/** Entries in the order of the list, in pages: a change touches one of them, however many there are. */
export class OrderedPages {
  readonly #pages: Page[] = [];

  get pages(): readonly Page[] {
    return this.#pages;
  }

  insert(entry: Entry): void {
    const at = this.#pageFor(entry);
    const page = this.#pages[at];
    if (page === undefined) {
      this.#pages.push(new Page([entry]));
      return;
    }
    page.insert(entry);
    if (page.entries.length >= MAX_ENTRIES) this.#pages.splice(at + 1, 0, page.split(MAX_ENTRIES / 2));
  }

  /** @param entry the very object that was inserted */
  remove(entry: Entry): void {
    const at = this.#pageFor(entry);
    const page = this.#pages[at];
    if (page?.remove(entry) !== true) return;
    if (page.entries.length === 0) this.#pages.splice(at, 1);
    else if (!this.#join(at)) this.#join(at - 1);
  }

  /** Where these entries are, in the order of the list. */
  *placesOf(
    entries: readonly Entry[],
  ): Generator<{ readonly page: Page; readonly picked: readonly number[] }> {
    const places = new Map<number, number[]>();
    for (const entry of entries) {
      const at = this.#pageFor(entry);
      const place = this.#pages[at]?.placeOf(entry) ?? -1;
      if (place < 0) continue;
      const others = places.get(at);
      if (others === undefined) places.set(at, [place]);
      else others.push(place);
    }
    for (const at of [...places.keys()].sort((a, b) => a - b)) {
      const page = this.#pages[at];
      if (page !== undefined) yield { page, picked: places.get(at)?.sort((a, b) => a - b) ?? [] };
    }
  }

  /** Makes this page and the next one, if they are small. */
  #join(at: number): boolean {
    const page = this.#pages[at];
    const next = this.#pages[at + 1];
    if (page === undefined || next === undefined) return false;
    if (page.entries.length + next.entries.length > FEW_ENTRIES) return false;
    this.#pages.splice(at, 2, new Page([...page.entries, ...next.entries]));
    return true;
  }

  /** The place of the last page that begins at the entry or before it; of the first one when all begin after it. */
  #pageFor(entry: Entry): number {
    let low = 0;
    let high = this.#pages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.#pages[middle]?.entries[0];
      if (first !== undefined && newestFirst(first, entry) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}
