import type { Candidate, Facts } from "../types.ts";

/** A candidate for as long as its node is known, that says when it changes. A list that changed is another object. */
export interface PoolCandidate extends Candidate {
  /** Only those that take part can be chosen. */
  readonly takesPart: boolean;
  /** Does it hold a place for a container that does not exist yet? */
  readonly hasReservations: boolean;
  /**
   * From now on tells of every change to what the candidate shows; `node` also when it begins or ceases to take part. Telling too much does no
   * harm, telling too little does. One listener, the last.
   */
  watch(changed: (facts: Facts) => void): void;
}

/** The kinds of facts as bits of one number. */
export const FACT_BIT: Readonly<Record<Facts, number>> = { node: 1, containers: 2, images: 4 };
export const ALL_FACTS = 7;
