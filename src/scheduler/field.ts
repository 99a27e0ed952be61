import type { Admission, Candidate, PlacementRequest, Strategy } from "./types.ts";

/** How many of those that fit are wanted, best first. */
export type Wanted = "best" | "all";

/** The candidates still in the running. A view of one moment: it ends with the turn. */
export interface Field {
  readonly isEmpty: boolean;
  readonly size: number;
  /** In the order of the cluster. */
  candidates(): readonly Candidate[];
  /** Those of them that are admitted. */
  admitted(by: Admission): Field;
  /** Those of them that are not. */
  refused(by: Admission): Field;
  /** Best first; empty: none has room. */
  ranked(
    strategy: Strategy,
    request: PlacementRequest,
    random: () => number,
    wanted: Wanted,
  ): readonly Candidate[];
}

/** Candidates in a list: each question is put to each of them. */
export class ListField implements Field {
  readonly #candidates: readonly Candidate[];

  constructor(candidates: readonly Candidate[]) {
    this.#candidates = candidates;
  }

  get isEmpty(): boolean {
    return this.#candidates.length === 0;
  }
  get size(): number {
    return this.#candidates.length;
  }
  candidates(): readonly Candidate[] {
    return this.#candidates;
  }
  admitted(by: Admission): Field {
    return new ListField(this.#candidates.filter((candidate) => by.admits(candidate)));
  }
  refused(by: Admission): Field {
    return new ListField(this.#candidates.filter((candidate) => !by.admits(candidate)));
  }
  ranked(strategy: Strategy, request: PlacementRequest, random: () => number): readonly Candidate[] {
    return strategy.rank(request, this.#candidates, random);
  }
}
