/** Keys share a bucket by this many leading characters: with random hex IDs, 65,536 buckets. */
const BUCKET_CHARS = 4;
/** Buckets share a group by so many, for shorter prefixes: `db` is a popular name. */
const GROUP_CHARS = 2;

interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

/**
 * Values by string keys, found by any prefix of the key. A prefix of four characters or more looks at one small bucket. Buckets are plain arrays:
 * most hold a single entry.
 */
export class PrefixIndex<T> {
  readonly #buckets = new Map<string, Entry<T>[]>();
  readonly #groups = new Map<string, Set<string>>();

  add(key: string, value: T): void {
    const prefix = key.slice(0, BUCKET_CHARS);
    const bucket = this.#buckets.get(prefix);
    if (bucket === undefined) {
      this.#buckets.set(prefix, [{ key, value }]);
      const group = this.#groups.get(prefix.slice(0, GROUP_CHARS));
      if (group === undefined) this.#groups.set(prefix.slice(0, GROUP_CHARS), new Set([prefix]));
      else group.add(prefix);
    } else if (placeOf(bucket, key, value) < 0) bucket.push({ key, value });
  }

  remove(key: string, value: T): void {
    const prefix = key.slice(0, BUCKET_CHARS);
    const bucket = this.#buckets.get(prefix);
    if (bucket === undefined) return;
    const at = placeOf(bucket, key, value);
    if (at < 0) return;
    if (bucket.length > 1) bucket.splice(at, 1);
    else {
      this.#buckets.delete(prefix);
      this.#groups.get(prefix.slice(0, GROUP_CHARS))?.delete(prefix);
    }
  }

  /** Every value of exactly this key. */
  *get(key: string): Generator<T> {
    for (const entry of this.#buckets.get(key.slice(0, BUCKET_CHARS)) ?? [])
      if (entry.key === key) yield entry.value;
  }

  /** Every entry whose key starts with the prefix, in no particular order. */
  *startingWith(prefix: string): Generator<readonly [key: string, value: T]> {
    if (prefix.length >= BUCKET_CHARS) {
      const bucket = this.#buckets.get(prefix.slice(0, BUCKET_CHARS));
      if (bucket !== undefined) yield* matches(bucket, prefix);
      return;
    }
    const starts =
      prefix.length < GROUP_CHARS
        ? this.#buckets.keys()
        : (this.#groups.get(prefix.slice(0, GROUP_CHARS)) ?? []);
    for (const start of starts)
      if (start.startsWith(prefix)) yield* matches(this.#buckets.get(start) ?? [], prefix);
  }
}

const placeOf = <T>(bucket: readonly Entry<T>[], key: string, value: T): number =>
  bucket.findIndex((entry) => entry.key === key && entry.value === value);

function* matches<T>(bucket: readonly Entry<T>[], prefix: string): Generator<readonly [string, T]> {
  for (const { key, value } of bucket) if (key.startsWith(prefix)) yield [key, value];
}
