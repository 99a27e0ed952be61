/** More than are moved at a time in any cluster. */
const MAX = 4_096;

/**
 * Containers, by swarm ID, of which a copy may be on some engine that nobody has heard of: its create was sent, and what became of it is not known, or
 * not yet. Of this manager; one that takes over finds such copies in the book.
 */
export class UnknownCopies {
  readonly #swarmIds = new Set<string>();

  /** A create is being sent. */
  mayBe(swarmId: string): void {
    this.#swarmIds.add(swarmId);
    const [oldest] = this.#swarmIds;
    if (this.#swarmIds.size > MAX && oldest !== undefined) this.#swarmIds.delete(oldest);
  }

  /** What became of it is known. */
  settled(swarmId: string): void {
    this.#swarmIds.delete(swarmId);
  }

  has(swarmId: string): boolean {
    return this.#swarmIds.has(swarmId);
  }
}
