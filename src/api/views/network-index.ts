import type { NetworkGroup } from "./networks.ts";

/** Look-ups in a list of networks that cost the same however many there are. */
export class NetworkIndex {
  /** By whole ID and by its first 12 characters, the first of several. */
  readonly #byId = new Map<string, NetworkGroup>();
  readonly #byName = new Map<string, NetworkGroup[]>();
  /** By whole ID, for prefixes; sorted when first asked for. */
  #sorted: readonly NetworkGroup[] | undefined;
  readonly #groups: readonly NetworkGroup[];

  constructor(groups: readonly NetworkGroup[]) {
    this.#groups = groups;
    for (const group of groups) {
      const { Id: id, Name: name } = group.network;
      for (const key of [id, id.slice(0, 12)]) if (!this.#byId.has(key)) this.#byId.set(key, group);
      const namesakes = this.#byName.get(name);
      if (namesakes === undefined) this.#byName.set(name, [group]);
      else namesakes.push(group);
    }
  }

  withId(id: string): NetworkGroup | undefined {
    return this.#byId.get(id);
  }

  /** Those called so by their engines. */
  named(name: string): readonly NetworkGroup[] {
    return this.#byName.get(name) ?? [];
  }

  /** The one network whose ID begins so; several copies of one ID, as machines cloned from one disk have them, count as one. */
  withIdPrefix(prefix: string): NetworkGroup | undefined {
    this.#sorted ??= this.#groups.toSorted((a, b) => compareText(a.network.Id, b.network.Id));
    const first = this.#sorted[this.#lowerBound(this.#sorted, prefix)];
    if (first?.network.Id.startsWith(prefix) !== true) return undefined;
    const { Id: id } = first.network;
    // The smallest text greater than the ID: behind all its copies.
    const next = this.#sorted[this.#lowerBound(this.#sorted, `${id}\0`)];
    return next?.network.Id.startsWith(prefix) === true ? undefined : first;
  }

  #lowerBound(sorted: readonly NetworkGroup[], text: string): number {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareText(sorted[middle]?.network.Id ?? "", text) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
