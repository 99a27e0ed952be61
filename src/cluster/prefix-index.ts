/** Keys share a bucket by this many leading characters: with random hex IDs, 65,536 buckets. */
const BUCKET_CHARS = 4;

/** Values by string keys, found by any prefix of the key. A prefix of four characters or more looks at one small bucket. */
export class PrefixIndex<T> {
  readonly #buckets = new Map<string, Map<string, Set<T>>>();

  add(key: string, value: T): void {
    const prefix = key.slice(0, BUCKET_CHARS);
    let bucket = this.#buckets.get(prefix);
    if (bucket === undefined) {
      bucket = new Map<string, Set<T>>();
      this.#buckets.set(prefix, bucket);
    }
    const values = bucket.get(key);
    if (values === undefined) bucket.set(key, new Set([value]));
    else values.add(value);
  }

  remove(key: string, value: T): void {
    const prefix = key.slice(0, BUCKET_CHARS);
    const bucket = this.#buckets.get(prefix);
    const values = bucket?.get(key);
    if (bucket === undefined || values?.delete(value) !== true || values.size > 0) return;
    bucket.delete(key);
    if (bucket.size === 0) this.#buckets.delete(prefix);
  }

  /** Every value of exactly this key. */
  get(key: string): Iterable<T> {
    return this.#buckets.get(key.slice(0, BUCKET_CHARS))?.get(key) ?? [];
  }

  /** Every entry whose key starts with the prefix, in no particular order. */
  *startingWith(prefix: string): Generator<readonly [key: string, value: T]> {
    if (prefix.length >= BUCKET_CHARS) {
      const bucket = this.#buckets.get(prefix.slice(0, BUCKET_CHARS));
      if (bucket !== undefined) yield* matches(bucket, prefix);
      return;
    }
    for (const [start, bucket] of this.#buckets) if (start.startsWith(prefix)) yield* matches(bucket, prefix);
  }
}

function* matches<T>(bucket: Map<string, Set<T>>, prefix: string): Generator<readonly [string, T]> {
  for (const [key, values] of bucket) {
    if (!key.startsWith(prefix)) continue;
    for (const value of values) yield [key, value];
  }
}
