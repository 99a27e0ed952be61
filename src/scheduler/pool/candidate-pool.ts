import type { Field } from "../field.ts";
import type { Facts } from "../types.ts";
import type { PoolCandidate } from "./pool-candidate.ts";
import { PoolField } from "./pool-field.ts";
import { PoolTable, type FindHolders } from "./pool-table.ts";

const FIRST_CAPACITY = 64;

/**
 * All candidates, indexed for placing: nothing is copied or walked per request, only what changed since the last one is read again. The rules
 * themselves are in the filters; the pool finds their answers (see `Term`). Candidates come in the order of the cluster, and those that take part
 * are the ones to choose from.
 */
export class CandidatePool {
  readonly #holders: FindHolders | undefined;
  /** In the order of the cluster. */
  readonly #candidates = new Set<PoolCandidate>();
  #table: PoolTable;

  /** @param holders every candidate on which a reference may mean a container, beside those with reservations; absent: all are looked at */
  constructor(holders?: FindHolders) {
    this.#holders = holders;
    this.#table = new PoolTable(FIRST_CAPACITY, holders);
  }

  add(candidate: PoolCandidate): void {
    this.#candidates.add(candidate);
    if (this.#table.isFull) this.#rebuild();
    else this.#table.add(candidate);
    candidate.watch((facts: Facts) => this.#table.changed(candidate, facts));
  }

  remove(candidate: PoolCandidate): void {
    this.#candidates.delete(candidate);
    this.#table.remove(candidate);
  }

  /** Those that take part now. Ends with the turn. */
  field(): Field {
    this.#table.refresh();
    return new PoolField(this.#table, this.#table.members);
  }

  /** Slots are never given twice, so that they stay in the order of the cluster: when they run out, all are given anew. */
  #rebuild(): void {
    const capacity = Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(this.#candidates.size * 2)));
    this.#table = new PoolTable(capacity, this.#holders);
    for (const candidate of this.#candidates) this.#table.add(candidate);
  }
}
