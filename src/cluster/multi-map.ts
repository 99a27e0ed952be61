const NONE: ReadonlySet<never> = new Set();

/** Several values by each key. Nearly all keys have one, and that costs no set: with 30,000 containers sets of one would take megabytes. */
export class MultiMap<K, V extends object> {
  readonly #values = new Map<K, V | Set<V>>();

  get(key: K): ReadonlySet<V> {
    const values = this.#values.get(key);
    if (values === undefined) return NONE;
    return values instanceof Set ? values : new Set([values]);
  }

  add(key: K, value: V): void {
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, value);
    else if (values instanceof Set) values.add(value);
    else if (values !== value) this.#values.set(key, new Set([values, value]));
  }

  remove(key: K, value: V): void {
    const values = this.#values.get(key);
    if (values === value) this.#values.delete(key);
    else if (values instanceof Set && values.delete(value)) {
      const [only] = values;
      if (values.size === 1 && only !== undefined) this.#values.set(key, only);
    }
  }
}
