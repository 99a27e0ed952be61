/** The last changes in their order, for readers that catch up when they are asked something. */
export class ChangeLog<T> {
  readonly #kept: T[] = [];
  readonly #most: number;
  #end = 0;

  /** @param most how many are kept: a reader further behind must look at everything again */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many changes there ever were: where a reader stands that has seen them all. */
  get end(): number {
    return this.#end;
  }

  add(change: T): void {
    this.#kept[this.#end % this.#most] = change;
    this.#end += 1;
  }

  /** Can a reader that has seen so many still catch up? */
  reaches(seen: number): boolean {
    return this.#end - seen <= this.#most;
  }

  /** Tells what came since, oldest first. Ask {@link reaches} before. */
  since(seen: number, tell: (change: T) => void): void {
    for (let at = seen; at < this.#end; at += 1) tell(this.#kept[at % this.#most] as T);
  }
}
