/** Keys share a bucket by so many leading characters. */
const CHARS = 4;
/** Bits of a character that count: all there are of a hex digit. */
const CHAR_BITS = 4;
/** Buckets are made in groups of so many, when first needed. */
const GROUP = 256;

/** Nothing, a single value or several: most have one, and with 30,000 containers anything around it would take megabytes. */
type Bucket<T> = T | T[] | undefined;

/**
 * Values by string keys, found by any prefix of a key. Made for random hex IDs: a prefix of four characters or more looks at one bucket of 65,536.
 * Other keys work as well, only that more of them share a bucket.
 */
export class PrefixIndex<T extends object> {
  readonly #keysOf: (value: T) => readonly string[];
  readonly #groups: (Bucket<T>[] | undefined)[] = [];

  /** @param keysOf no array is a value, and the keys of a value do not change while it is here */
  constructor(keysOf: (value: T) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  add(value: T): void {
    for (const key of this.#keysOf(value)) {
      const at = bucketOf(key);
      const held = this.#at(at);
      if (held === undefined) this.#put(at, value);
      else if (!Array.isArray(held)) {
        if (held !== value) this.#put(at, [held, value]);
      } else if (!held.includes(value)) held.push(value);
    }
  }

  remove(value: T): void {
    for (const key of this.#keysOf(value)) {
      const at = bucketOf(key);
      const held = this.#at(at);
      if (held === value) this.#put(at, undefined);
      else if (Array.isArray(held)) {
        const others = held.filter((other) => other !== value);
        this.#put(at, others.length > 1 ? others : others[0]);
      }
    }
  }

  /** Every value with exactly this key. */
  *get(key: string): Generator<T> {
    for (const [found, value] of this.startingWith(key)) if (found === key) yield value;
  }

  /** Every key that starts with the prefix, and its value, in no particular order. */
  *startingWith(prefix: string): Generator<readonly [key: string, value: T]> {
    const first = bucketOf(prefix);
    const missing = Math.max(0, CHARS - prefix.length);
    for (let at = first; at < first + (1 << (missing * CHAR_BITS)); at++) {
      const held = this.#at(at);
      if (held === undefined) continue;
      for (const value of Array.isArray(held) ? held : [held]) {
        for (const key of this.#keysOf(value)) {
          // A value is in the bucket of each of its keys, and each bucket tells of its own.
          if (key.startsWith(prefix) && bucketOf(key) === at) yield [key, value];
        }
      }
    }
  }

  #at(bucket: number): Bucket<T> {
    return this.#groups[Math.trunc(bucket / GROUP)]?.[bucket % GROUP];
  }

  #put(bucket: number, held: Bucket<T>): void {
    const group = (this.#groups[Math.trunc(bucket / GROUP)] ??= new Array<Bucket<T>>(GROUP).fill(undefined));
    group[bucket % GROUP] = held;
  }
}

/** A hex digit's number; of other characters some bits. A character that is missing counts as 0: prefixes come before what they are prefixes of. */
function bucketOf(key: string): number {
  let bucket = 0;
  for (let at = 0; at < CHARS; at++) {
    const code = at < key.length ? key.charCodeAt(at) : 0;
    // Letters follow the digits: `a` is 0x61.
    const digit = code < 0x40 ? code : code + 9;
    bucket = (bucket << CHAR_BITS) | (digit & ((1 << CHAR_BITS) - 1));
  }
  return bucket;
}
