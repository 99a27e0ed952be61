import type { Candidate, Facts, Items, Loads, Look, Place, Term, TextQuery } from "../types.ts";
import { countBits, emptyBits, hasBit, intersect, putBit, slotsOf, type Bits } from "./bits.ts";
import { LoadColumns } from "./columns.ts";
import { ItemList } from "./item-list.ts";
import { KeptAnswers } from "./kept-answers.ts";
import { NodeNames } from "./node-names.ts";
import { ALL_FACTS, FACT_BIT, type PoolCandidate } from "./pool-candidate.ts";

/** Every candidate that may hold what a container reference means; others may be among them. */
export type FindHolders = (reference: string) => Iterable<PoolCandidate>;

/** When more candidates than this are to be looked at, it is quicker to keep the answers. */
const MOST_LOOKED_AT = 32;

/** Which facts each list is part of. */
const LIST_FACTS: Readonly<Record<keyof Items, Facts>> = {
  containers: "containers",
  usedPorts: "containers",
  hostModePorts: "containers",
  images: "images",
};

/** Candidates in slots, a fixed number of them, and every index over them. */
export class PoolTable {
  readonly #capacity: number;
  readonly #holders: FindHolders | undefined;
  readonly #candidates: (PoolCandidate | undefined)[] = [];
  readonly #slots = new Map<PoolCandidate, number>();
  /** What of each slot is to be read again, as bits, and which slots have such. */
  readonly #stale: Uint8Array;
  readonly #staleSlots: number[] = [];
  #members: Bits;
  readonly #reserving: Bits;
  readonly #columns: LoadColumns;
  readonly #names: NodeNames;
  readonly #answers: KeptAnswers;
  readonly #lists = new Map<keyof Items, ItemList>();

  constructor(capacity: number, holders: FindHolders | undefined) {
    this.#capacity = capacity;
    this.#holders = holders;
    this.#stale = new Uint8Array(capacity);
    this.#members = emptyBits(capacity);
    this.#reserving = emptyBits(capacity);
    this.#columns = new LoadColumns(capacity);
    this.#names = new NodeNames(capacity);
    this.#answers = new KeptAnswers(capacity, this.member);
  }

  // ── Who is here ───────────────────────────────────────────────────────────────────────────────────────────────

  get isFull(): boolean {
    return this.#candidates.length >= this.#capacity;
  }

  /** Those that take part. Not to be changed. */
  get members(): Bits {
    return this.#members;
  }

  readonly member = (slot: number): PoolCandidate | undefined =>
    hasBit(this.#members, slot) ? this.#candidates[slot] : undefined;

  add(candidate: PoolCandidate): void {
    const slot = this.#candidates.push(candidate) - 1;
    this.#slots.set(candidate, slot);
    this.#markStale(slot, ALL_FACTS);
  }

  remove(candidate: PoolCandidate): void {
    const slot = this.#slots.get(candidate);
    if (slot === undefined) return;
    this.#slots.delete(candidate);
    this.#candidates[slot] = undefined;
    this.#markStale(slot, ALL_FACTS);
  }

  // ── What changes ──────────────────────────────────────────────────────────────────────────────────────────────

  changed(candidate: PoolCandidate, facts: Facts): void {
    const slot = this.#slots.get(candidate);
    if (slot !== undefined) this.#markStale(slot, FACT_BIT[facts]);
  }

  #markStale(slot: number, facts: number): void {
    const before = this.#stale[slot] ?? 0;
    if (before === 0) this.#staleSlots.push(slot);
    this.#stale[slot] = before | facts;
  }

  /** Reads again what changed. */
  refresh(): void {
    for (const slot of this.#staleSlots) this.#refreshSlot(slot);
    this.#staleSlots.length = 0;
  }

  #refreshSlot(slot: number): void {
    let stale = this.#stale[slot] ?? 0;
    this.#stale[slot] = 0;
    const known = this.#candidates[slot];
    const candidate = known?.takesPart === true ? known : undefined;
    const tookPart = hasBit(this.#members, slot);
    if (tookPart !== (candidate !== undefined)) {
      stale = ALL_FACTS;
      // A field may still hold the old set.
      this.#members = this.#members.slice();
      putBit(this.#members, slot, !tookPart);
    }
    if (candidate !== undefined) {
      if ((stale & FACT_BIT.node) !== 0) {
        this.#columns.readNode(slot, candidate);
        // Texts may have the node's name in front. It changes so seldom that all indexes may begin anew.
        if (this.#names.read(slot, candidate) && tookPart) this.#lists.clear();
      }
      if ((stale & FACT_BIT.containers) !== 0) this.#columns.readContainers(slot, candidate);
    }
    putBit(this.#reserving, slot, candidate?.hasReservations === true);
    for (const facts of ["node", "containers", "images"] as const) {
      if ((stale & FACT_BIT[facts]) !== 0) this.#answers.changed(slot, facts);
    }
    for (const [of, list] of this.#lists) {
      if ((stale & FACT_BIT[LIST_FACTS[of]]) !== 0) list.refresh(slot, this.#names.of(slot), candidate);
    }
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** What strategies choose by, of these slots. */
  loads(among: Bits): Loads {
    const { healthIndicator, containerCount } = this.#columns;
    const { totalMemoryBytes, usedMemoryBytes, totalCpus, usedCpus } = this.#columns;
    return {
      among,
      healthIndicator,
      containerCount,
      nameOrder: this.#names.order,
      totalMemoryBytes,
      usedMemoryBytes,
      totalCpus,
      usedCpus,
    };
  }

  /** Those of these slots whose candidates the term admits, by the quickest way there is. */
  admitted(term: Term, among: Bits): Bits {
    const { shortcut, key } = term;
    if (shortcut?.kind === "texts") return this.#matching(shortcut, among);
    if (shortcut?.kind === "look") return this.#looked(term, shortcut, among);
    if (key === "") return this.asked((candidate) => term.admits(candidate), among);
    return intersect(among, this.#answers.of(term, this.#members, undefined));
  }

  /** Asks each candidate. */
  asked(admits: (candidate: Candidate) => boolean, among: Bits): Bits {
    const left = emptyBits(this.#capacity);
    for (const slot of slotsOf(among)) {
      const candidate = this.member(slot);
      if (candidate !== undefined && admits(candidate)) putBit(left, slot, true);
    }
    return intersect(among, left);
  }

  #matching({ dimension, pattern, wanted }: TextQuery, among: Bits): Bits {
    const list = this.#listOf(dimension.of);
    if (pattern.literal === undefined) return intersect(among, list.matching(dimension, pattern), wanted);
    const found = emptyBits(this.#capacity);
    list.collect(dimension, pattern.literal, found);
    return intersect(among, found, wanted);
  }

  #looked(term: Term, { elsewhere, places }: Look, among: Bits): Bits {
    const found = emptyBits(this.#capacity);
    const isKnown = places.every((place) => this.#collect(place, found));
    const doubtful = isKnown ? found : this.#members;
    const suspects = intersect(among, doubtful);
    if (term.key !== "" && countBits(suspects) > MOST_LOOKED_AT) {
      const others = elsewhere ? intersect(this.#members, doubtful, false) : undefined;
      return intersect(among, this.#answers.of(term, doubtful, others));
    }
    const admitted = this.asked((candidate) => term.admits(candidate), suspects);
    if (!elsewhere) return admitted;
    return intersect(among, intersect(suspects, admitted, false), false);
  }

  /** Adds the slots found in a place to a set. @returns false when the place cannot be looked at */
  #collect(place: Place, into: Bits): boolean {
    if (place.in === "nodes") {
      for (const slot of this.#names.called(place.text)) putBit(into, slot, true);
    } else if (place.in === "references") {
      if (this.#holders === undefined) return false;
      for (const holder of this.#holders(place.text)) {
        const slot = this.#slots.get(holder);
        if (slot !== undefined) putBit(into, slot, true);
      }
      for (let at = 0; at < into.length; at += 1) into[at] = (into[at] ?? 0) | (this.#reserving[at] ?? 0);
    } else {
      this.#listOf(place.in.of).collect(place.in, place.text, into);
    }
    return true;
  }

  #listOf(of: keyof Items): ItemList {
    let list = this.#lists.get(of);
    if (list === undefined) {
      list = new ItemList(of, this.#capacity);
      for (const slot of slotsOf(this.#members)) list.refresh(slot, this.#names.of(slot), this.member(slot));
      this.#lists.set(of, list);
    }
    return list;
  }
}
