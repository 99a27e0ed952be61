import type { Field, Wanted } from "../field.ts";
import type { Admission, Candidate, PlacementRequest, Strategy } from "../types.ts";
import { countBits, intersect, isEmptyBits, slotsOf, type Bits } from "./bits.ts";
import type { PoolTable } from "./pool-table.ts";

/** Candidates of a pool, as a set of slots. */
export class PoolField implements Field {
  readonly #table: PoolTable;
  readonly #bits: Bits;

  constructor(table: PoolTable, bits: Bits) {
    this.#table = table;
    this.#bits = bits;
  }

  get isEmpty(): boolean {
    return isEmptyBits(this.#bits);
  }

  get size(): number {
    return countBits(this.#bits);
  }

  candidates(): readonly Candidate[] {
    return slotsOf(this.#bits).flatMap((slot) => this.#table.member(slot) ?? []);
  }

  admitted(by: Admission): Field {
    return this.#with(this.#admittedBits(by));
  }

  refused(by: Admission): Field {
    return this.#with(intersect(this.#bits, this.#admittedBits(by), false));
  }

  #admittedBits(by: Admission): Bits {
    const table = this.#table;
    if (by.terms === undefined) return table.asked((candidate) => by.admits(candidate), this.#bits);
    return by.terms.reduce((left, term) => table.admitted(term, left), this.#bits);
  }

  #with(bits: Bits): Field {
    return bits === this.#bits ? this : new PoolField(this.#table, bits);
  }

  ranked(
    strategy: Strategy,
    request: PlacementRequest,
    random: () => number,
    wanted: Wanted,
  ): readonly Candidate[] {
    if (wanted === "all") return strategy.rank(request, this.candidates(), random);
    const best = this.#table.member(strategy.best(request, this.#table.loads(this.#bits), random));
    return best === undefined ? [] : [best];
  }
}
