/** The servers of a store, of which one is asked at a time: the one that answered last, the next one when it does not. */
export class Servers<T> {
  readonly count: number;
  readonly #servers: readonly [T, ...T[]];
  #current = 0;

  constructor(servers: readonly [T, ...T[]]) {
    this.#servers = servers;
    this.count = servers.length;
  }

  /** The one to ask. */
  get current(): T {
    return this.#servers[this.#current] ?? this.#servers[0];
  }

  /** All of them, to be closed. */
  get all(): readonly T[] {
    return this.#servers;
  }

  /** This one did not answer. Of several calls that say so of one server only the first counts: none is passed over. */
  failed(server: T): void {
    if (server === this.current) this.#current = (this.#current + 1) % this.count;
  }
}

/** One client per endpoint. */
export function serversFor<T>(
  endpoints: readonly [string, ...string[]],
  make: (endpoint: string) => T,
): Servers<T> {
  const [first, ...others] = endpoints;
  return new Servers<T>([make(first), ...others.map(make)]);
}
