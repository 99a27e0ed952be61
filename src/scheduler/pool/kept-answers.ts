import type { Facts, Term } from "../types.ts";
import { emptyBits, putBit, slotsOf, type Bits } from "./bits.ts";
import { ChangeLog } from "./change-log.ts";
import type { PoolCandidate } from "./pool-candidate.ts";
import { RecentlyUsed } from "./recently-used.ts";

/** So many terms have their answers kept. */
const MOST_TERMS = 256;
/** Changes kept for terms that are asked seldom. */
const KEPT_CHANGES = 8_192;

interface Answers {
  readonly bits: Bits;
  /** How many changes of each kind are in them. */
  readonly seen: Record<Facts, number>;
}

/** The answers to terms asked before; candidates that changed since are asked again. */
export class KeptAnswers {
  readonly #capacity: number;
  readonly #member: (slot: number) => PoolCandidate | undefined;
  readonly #changes: Readonly<Record<Facts, ChangeLog<number>>> = {
    node: new ChangeLog(KEPT_CHANGES),
    containers: new ChangeLog(KEPT_CHANGES),
    images: new ChangeLog(KEPT_CHANGES),
  };
  readonly #answers = new RecentlyUsed<Answers>(MOST_TERMS);

  /** @param member the candidate in a slot, if it takes part */
  constructor(capacity: number, member: (slot: number) => PoolCandidate | undefined) {
    this.#capacity = capacity;
    this.#member = member;
  }

  changed(slot: number, facts: Facts): void {
    this.#changes[facts].add(slot);
  }

  /**
   * Who is admitted. Not to be changed.
   * @param doubtful whom to ask when nothing is kept
   * @param others of all others the answer is known: who of them is admitted
   */
  of(term: Term, doubtful: Bits, others: Bits | undefined): Bits {
    const kept = this.#answers.get(term.key);
    if (kept !== undefined && this.#catchUp(kept, term)) return kept.bits;
    const bits = others?.slice() ?? emptyBits(this.#capacity);
    for (const slot of slotsOf(doubtful)) this.#ask(slot, term, bits);
    const { node, containers, images } = this.#changes;
    const seen = { node: node.end, containers: containers.end, images: images.end };
    this.#answers.set(term.key, { bits, seen });
    return bits;
  }

  /** @returns false when too much has changed since */
  #catchUp({ bits, seen }: Answers, term: Term): boolean {
    for (const facts of term.reads) if (!this.#changes[facts].reaches(seen[facts])) return false;
    for (const facts of term.reads) {
      const changes = this.#changes[facts];
      if (seen[facts] === changes.end) continue;
      changes.since(seen[facts], (slot) => this.#ask(slot, term, bits));
      seen[facts] = changes.end;
    }
    return true;
  }

  #ask(slot: number, term: Term, bits: Bits): void {
    const candidate = this.#member(slot);
    putBit(bits, slot, candidate !== undefined && term.admits(candidate));
  }
}
