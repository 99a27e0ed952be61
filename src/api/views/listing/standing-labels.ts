import { labelsOf } from "../container-filters.ts";
import { labelTest } from "../docker-filters.ts";
import type { ContainerView } from "../types.ts";

/** Questions that are kept; each costs every change to a container a little. */
const MAX_KEPT = 16;

/** Which containers carry a label somebody asked for. */
interface Standing {
  readonly has: ReturnType<typeof labelTest>;
  /** Their IDs; undefined: too many to be of use. */
  found: Set<string> | undefined;
}

/** Who asks for a label, as Compose does for its project's, asks again: the answer is kept, and follows what comes and goes. */
export class StandingLabels {
  readonly #most: number;
  /** By `key` or `key=value`; what was asked last is last. */
  readonly #standing = new Map<string, Standing>();

  /** @param most containers that one answer holds */
  constructor(most: number) {
    this.#most = most;
  }

  add(container: ContainerView): void {
    for (const standing of this.#standing.values()) this.#note(standing, container);
  }

  remove(container: ContainerView): void {
    for (const { found } of this.#standing.values()) found?.delete(container.summary.Id);
  }

  forget(): void {
    this.#standing.clear();
  }

  /**
   * The IDs of all that carry one of these labels, the one that fewest carry. Undefined: each is carried by many.
   * @param containers all there are
   */
  candidates(
    asked: readonly string[],
    containers: () => Iterable<ContainerView>,
  ): ReadonlySet<string> | undefined {
    let fewest: ReadonlySet<string> | undefined;
    for (const label of asked.slice(0, MAX_KEPT)) {
      const { found } = this.#ask(label, containers);
      if (found !== undefined && (fewest === undefined || found.size < fewest.size)) fewest = found;
    }
    return fewest;
  }

  #ask(label: string, containers: () => Iterable<ContainerView>): Standing {
    let standing = this.#standing.get(label);
    this.#standing.delete(label);
    if (standing === undefined) {
      standing = { has: labelTest([label]), found: new Set() };
      for (const container of containers()) this.#note(standing, container);
    }
    this.#standing.set(label, standing);
    for (const oldest of this.#standing.keys()) {
      if (this.#standing.size <= MAX_KEPT) break;
      this.#standing.delete(oldest);
    }
    return standing;
  }

  #note(standing: Standing, container: ContainerView): void {
    if (standing.found === undefined || !standing.has(labelsOf(container))) return;
    standing.found.add(container.summary.Id);
    if (standing.found.size > this.#most) standing.found = undefined;
  }
}
