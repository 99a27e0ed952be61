import { isSwarmItself, isUp } from "../container-list.ts";
import { newestFirst, type Ranked } from "../container-order.ts";
import type { ContainerView } from "../types.ts";
import { pageBytes, type PageBytes } from "./page-bytes.ts";

/** A container in the listing. */
export interface Entry extends Ranked {
  /** Another when it changed. */
  container: ContainerView;
  /** Where it is. */
  page: Page | undefined;
}

/** Which entries of a page: all, or those at these places, ascending. */
export type Picked = "all" | readonly number[];

/** A stretch of the list, in its order, and its JSON once somebody asked for it. */
export class Page {
  readonly #entries: Entry[];
  #bytes: PageBytes | undefined;
  #changed = false;
  /** What the two commonest queries list of it. */
  #all: Picked | undefined;
  #running: Picked | undefined;

  /** @param bytes of a page some of these entries came from */
  constructor(entries: Entry[], bytes?: PageBytes) {
    this.#entries = entries;
    for (const entry of entries) entry.page = this;
    this.#bytes = bytes;
    this.#changed = bytes !== undefined;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }
  get hasBytes(): boolean {
    return this.#bytes !== undefined;
  }

  insert(entry: Entry): void {
    this.#entries.splice(lowerBound(this.#entries, entry), 0, entry);
    entry.page = this;
    this.touch();
  }

  /** −1: it is not here. */
  placeOf(entry: Entry): number {
    const at = lowerBound(this.#entries, entry);
    return this.#entries[at] === entry ? at : -1;
  }

  remove(entry: Entry): boolean {
    const at = this.placeOf(entry);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    this.touch();
    return true;
  }

  /** Takes this many entries from its end into a page of their own. */
  split(count: number): Page {
    this.touch();
    return new Page(this.#entries.splice(-count), this.#bytes);
  }

  /** Everything visible, or everything that runs. */
  plain(which: "all" | "running"): Picked {
    if (which === "all")
      return (this.#all ??= picked(this.#entries, ({ container }) => container.node.state !== "Pending"));
    return (this.#running ??= picked(
      this.#entries,
      ({ container }) => isUp(container) && !isSwarmItself(container),
    ));
  }

  /** All its entries as of now. */
  bytes(nowMs: number): PageBytes {
    const known = this.#bytes;
    if (known !== undefined && !this.#changed && isTrue(known, nowMs)) return known;
    this.#changed = false;
    return (this.#bytes = pageBytes(this.#entries, nowMs, known));
  }

  /** Makes {@link bytes} quick to have. @returns whether that took any work */
  prepare(nowMs: number): boolean {
    const known = this.#bytes;
    return this.bytes(nowMs) !== known;
  }

  forgetBytes(): void {
    this.#bytes = undefined;
    this.#changed = false;
  }

  /** Its entries, or what they show, are others now. */
  touch(): void {
    this.#changed = this.#bytes !== undefined;
    this.#all = this.#running = undefined;
  }
}

const isTrue = ({ madeAtMs, untilMs }: PageBytes, nowMs: number): boolean =>
  nowMs >= madeAtMs && nowMs < untilMs;

/** Those entries a test accepts. */
export function picked(entries: readonly Entry[], test: (entry: Entry) => boolean): Picked {
  const places: number[] = [];
  entries.forEach((entry, at) => {
    if (test(entry)) places.push(at);
  });
  return places.length === entries.length ? "all" : places;
}

/** Where the first entry stands that does not come before this one. */
function lowerBound(entries: readonly Entry[], wanted: Entry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && newestFirst(entry, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
