/**
 * Recognises events that were handled already, among the newest so many. It keeps twelve bytes of each, because there may be a thousand engines: two
 * different events of the same nanosecond are taken for one once in four thousand million times.
 */
export class RecentEvents {
  readonly #most: number;
  /** A ring, as long as it has to be. */
  #nanos = new BigUint64Array(FIRST_SIZE);
  #prints = new Int32Array(FIRST_SIZE);
  #count = 0;
  #next = 0;
  #newestNano = 0n;

  /** @param most how many are remembered */
  constructor(most: number) {
    this.#most = most;
  }

  /** Engine time of the newest event, Unix nanoseconds; 0 before the first. */
  get newestNano(): bigint {
    return this.#newestNano;
  }

  /**
   * Remembers an event.
   * @param nano engine time, Unix nanoseconds
   * @param name what tells it from others of that time
   * @returns false when it was remembered already
   */
  add(nano: bigint, name: string): boolean {
    const print = fingerprint(name);
    if (nano > this.#newestNano) this.#newestNano = nano;
    else if (this.#has(nano, print)) return false;
    if (this.#next === this.#nanos.length) this.#turn();
    this.#nanos[this.#next] = nano;
    this.#prints[this.#next++] = print;
    this.#count = Math.max(this.#count, this.#next);
    return true;
  }

  #has(nano: bigint, print: number): boolean {
    for (let n = 0; n < this.#count; n++) {
      if (this.#prints[n] === print && this.#nanos[n] === nano) return true;
    }
    return false;
  }

  /** The end of the ring: it grows, or goes on at its oldest. */
  #turn(): void {
    const size = Math.min(this.#nanos.length * 2, this.#most);
    if (size === this.#nanos.length) {
      this.#next = 0;
      return;
    }
    const [nanos, prints] = [this.#nanos, this.#prints];
    this.#nanos = new BigUint64Array(size);
    this.#prints = new Int32Array(size);
    this.#nanos.set(nanos);
    this.#prints.set(prints);
  }
}

const FIRST_SIZE = 8;

/** FNV-1a. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return hash;
}
