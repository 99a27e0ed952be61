/** Durations of many operations, milliseconds: all of them are kept, eight bytes each. */
export class Latencies {
  #values = new Float64Array(1024);
  #count = 0;
  #sorted = false;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = ms;
    this.#sorted = false;
  }

  /** The smallest value that so many percent of all do not exceed; NaN when there is none. */
  percentile(percent: number): number {
    if (!this.#sorted) {
      this.#values.subarray(0, this.#count).sort();
      this.#sorted = true;
    }
    const rank = Math.ceil((percent / 100) * this.#count) - 1;
    return this.#values[Math.max(0, rank)] ?? NaN;
  }

  get p50(): number {
    return this.#count === 0 ? NaN : this.percentile(50);
  }

  get p99(): number {
    return this.#count === 0 ? NaN : this.percentile(99);
  }

  get max(): number {
    return this.#count === 0 ? NaN : this.percentile(100);
  }
}

/** The middle of some figures; NaN when there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
