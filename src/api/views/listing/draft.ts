/** Where pages are put together before their length is known. Never in use by two: nothing here waits. */
let scratch = Buffer.allocUnsafeSlow(256 * 1024);

/** Bytes being put together from new text and stretches of old bytes. */
export class Draft {
  readonly #source: Buffer | undefined;
  #length = 0;
  /** A stretch of the source not copied yet, so that neighbours are copied at once. */
  #from = 0;
  #to = 0;

  /** @param source where {@link copy} copies from */
  constructor(source: Buffer | undefined) {
    this.#source = source;
  }

  /** @returns how many bytes it is */
  write(text: string): number {
    this.#flush();
    this.#reserve(text.length * 3);
    const length = scratch.write(text, this.#length);
    this.#length += length;
    return length;
  }

  copy(from: number, to: number): void {
    if (from !== this.#to) {
      this.#flush();
      this.#from = from;
    }
    this.#to = to;
  }

  bytes(): Buffer {
    this.#flush();
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    scratch.copy(bytes, 0, 0, this.#length);
    return bytes;
  }

  #flush(): void {
    const length = this.#to - this.#from;
    if (length > 0) {
      this.#reserve(length);
      this.#source?.copy(scratch, this.#length, this.#from, this.#to);
      this.#length += length;
    }
    this.#from = this.#to = 0;
  }

  #reserve(length: number): void {
    if (this.#length + length <= scratch.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, this.#length + length));
    scratch.copy(larger, 0, 0, this.#length);
    scratch = larger;
  }
}
