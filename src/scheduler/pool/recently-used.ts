interface Entry<V> {
  readonly value: V;
  usedAt: number;
}

/** Values by key; the least recently used one goes when there are too many. Asking is cheap, making room is not: for few values that change seldom. */
export class RecentlyUsed<V> {
  readonly #most: number;
  readonly #kept = new Map<string, Entry<V>>();
  #uses = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): V | undefined {
    const entry = this.#kept.get(key);
    if (entry === undefined) return undefined;
    entry.usedAt = ++this.#uses;
    return entry.value;
  }

  set(key: string, value: V): void {
    this.#kept.set(key, { value, usedAt: ++this.#uses });
    if (this.#kept.size > this.#most) this.#kept.delete(this.#leastRecent());
  }

  *values(): Generator<V> {
    for (const { value } of this.#kept.values()) yield value;
  }

  #leastRecent(): string {
    let least = "";
    let earliest = Infinity;
    for (const [key, { usedAt }] of this.#kept) {
      if (usedAt >= earliest) continue;
      least = key;
      earliest = usedAt;
    }
    return least;
  }
}
