/** Containers whose starts are counted at most; beyond, the oldest are forgotten. */
const MAX_COUNTED = 1_024;

/** Starts of one copy that failed. */
interface Failures {
  readonly containerId: string;
  readonly count: number;
  readonly text: string;
}

/** Counts the failed starts of copies, by swarm ID: a copy that does not start in one place may do so in another. */
export class FailedStarts {
  readonly #failures = new Map<string, Failures>();

  /** @returns whether the text says something new about this copy */
  add(swarmId: string, containerId: string, text: string): boolean {
    const before = this.#failures.get(swarmId);
    const same = before?.containerId === containerId ? before : undefined;
    this.#failures.delete(swarmId);
    this.#failures.set(swarmId, { containerId, count: (same?.count ?? 0) + 1, text });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_COUNTED && oldest !== undefined) this.#failures.delete(oldest);
    return same?.text !== text;
  }

  count(swarmId: string, containerId: string): number {
    const failures = this.#failures.get(swarmId);
    return failures?.containerId === containerId ? failures.count : 0;
  }

  forget(swarmId: string): void {
    this.#failures.delete(swarmId);
  }
}
