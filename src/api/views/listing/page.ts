import { isSwarmItself, isUp } from "../container-list.ts";
import { newestFirst, type Ranked } from "../container-order.ts";
import { pageBytes, type PageBytes } from "./page-bytes.ts";

/** Which entries of a page: all, or those at these places, ascending. */
export type Picked = "all" | readonly number[];

/** A stretch of the list, in its order, and its JSON once somebody asked for it. */
export class Page {
  readonly #entries: Ranked[];
  #bytes: PageBytes | undefined;
  #changed = false;
  /** What the two commonest queries list of it. */
  #plain: { all?: Picked; running?: Picked } = {};

  /** @param bytes of a page some of these entries came from */
  constructor(entries: Ranked[], bytes?: PageBytes) {
    this.#entries = entries;
    this.#bytes = bytes;
    this.#changed = bytes !== undefined;
  }

  get entries(): readonly Ranked[] {
    return this.#entries;
  }
  get hasBytes(): boolean {
    return this.#bytes !== undefined;
  }

  insert(entry: Ranked): void {
    this.#entries.splice(lowerBound(this.#entries, entry), 0, entry);
    this.#touch();
  }

  /** −1: it is not here. */
  placeOf(entry: Ranked): number {
    const at = lowerBound(this.#entries, entry);
    return this.#entries[at] === entry ? at : -1;
  }

  remove(entry: Ranked): boolean {
    const at = this.placeOf(entry);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    this.#touch();
    return true;
  }

  /** Takes this many entries from its end into a page of their own. */
  split(count: number): Page {
    this.#touch();
    return new Page(this.#entries.splice(-count), this.#bytes);
  }

  /** Everything visible, or everything that runs. */
  plain(which: "all" | "running"): Picked {
    return (this.#plain[which] ??= picked(this.#entries, ({ container }) =>
      which === "all" ? container.node.state !== "Pending" : isUp(container) && !isSwarmItself(container),
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

  #touch(): void {
    this.#changed = this.#bytes !== undefined;
    this.#plain = {};
  }
}

const isTrue = ({ madeAtMs, untilMs }: PageBytes, nowMs: number): boolean =>
  nowMs >= madeAtMs && nowMs < untilMs;

/** Those entries a test accepts. */
export function picked(entries: readonly Ranked[], test: (entry: Ranked) => boolean): Picked {
  const places: number[] = [];
  entries.forEach((entry, at) => {
    if (test(entry)) places.push(at);
  });
  return places.length === entries.length ? "all" : places;
}

/** Where the first entry stands that does not come before this one. */
function lowerBound(entries: readonly Ranked[], wanted: Ranked): number {
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
