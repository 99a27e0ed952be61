import { betterCopy } from "./better-copy.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { InventoryListener } from "./inventory.ts";
import { MultiMap } from "./multi-map.ts";
import { PrefixIndex } from "./prefix-index.ts";

/** A container's place in the index: a change that moves nothing only puts another record here. */
interface Seat {
  record: ContainerRecord;
}

const NONE: ReadonlySet<never> = new Set();

/**
 * Every container of every validated engine, by every way a user may refer to it (spec: api.md §3.1). All look-ups cost the
 * same at 10 and at 100,000 containers.
 */
export class ContainerIndex {
  readonly #byId = new Map<string, Seat>();
  readonly #bySwarmId = new MultiMap<string, Seat>();
  readonly #byName = new MultiMap<string, Seat>();
  readonly #byFormerId = new Map<string, Seat>();
  /** Prefixes of IDs, former IDs and swarm IDs. */
  readonly #prefixes = new PrefixIndex<Seat>(prefixedKeys);
  readonly #followers: InventoryListener[] = [];

  #version = 0;

  /** Another one whenever {@link values} are others. */
  get version(): number {
    return this.#version;
  }

  /** From now on, and for good, hears of everything that enters {@link values}, leaves them or is replaced there. */
  follow(follower: InventoryListener): void {
    this.#followers.push(follower);
  }

  get size(): number {
    return this.#byId.size;
  }

  *values(): Generator<ContainerRecord> {
    for (const { record } of this.#byId.values()) yield record;
  }

  add(record: ContainerRecord): void {
    const hidden = this.#byId.get(record.id);
    if (hidden !== undefined) this.#left(hidden.record);
    const seat: Seat = { record };
    this.#byId.set(record.id, seat);
    this.#entered(record);
    this.#prefixes.add(seat);
    for (const name of record.names) this.#byName.add(name, seat);
    if (record.swarmId !== "") this.#bySwarmId.add(record.swarmId, seat);
    for (const id of record.formerIds) this.#byFormerId.set(id, seat);
  }

  remove(record: ContainerRecord): void {
    const seat = this.#seatOf(record);
    if (seat === undefined) return;
    this.#prefixes.remove(seat);
    if (this.#byId.get(record.id) === seat) {
      this.#left(record);
      this.#forget(this.#byId, record.id, seat);
      const uncovered = this.#byId.get(record.id);
      if (uncovered !== undefined) this.#entered(uncovered.record);
    }
    for (const name of record.names) this.#byName.remove(name, seat);
    if (record.swarmId !== "") this.#bySwarmId.remove(record.swarmId, seat);
    for (const id of record.formerIds) this.#forget(this.#byFormerId, id, seat);
  }

  /** Both are found by the same references: see `hasSameReferences`. */
  replace(old: ContainerRecord, record: ContainerRecord): void {
    const seat = this.#seatOf(old);
    if (seat === undefined) return;
    seat.record = record;
    if (this.#byId.get(record.id) !== seat) return;
    this.#version++;
    for (const follower of this.#followers) follower.containerReplaced(old, record);
  }

  #seatOf(record: ContainerRecord): Seat | undefined {
    const seat = this.#byId.get(record.id);
    if (seat?.record === record) return seat;
    for (const hidden of this.#prefixes.get(record.id)) if (hidden.record === record) return hidden;
    return undefined;
  }

  /** Two machines may hold one ID for a moment, when one takes the other's place: what is left of it is found again. */
  #forget(map: Map<string, Seat>, id: string, seat: Seat): void {
    if (map.get(id) !== seat) return;
    map.delete(id);
    for (const other of this.#prefixes.get(id)) {
      const { record } = other;
      if (map === this.#byId ? record.id === id : record.formerIds.includes(id)) map.set(id, other);
    }
  }

  #entered(record: ContainerRecord): void {
    this.#version++;
    for (const follower of this.#followers) follower.containerAdded(record);
  }

  #left(record: ContainerRecord): void {
    this.#version++;
    for (const follower of this.#followers) follower.containerRemoved(record);
  }

  byId(id: string): ContainerRecord | undefined {
    return this.#byId.get(id)?.record;
  }

  /** All copies of one container, on any engine: those with this swarm ID. */
  withSwarmId(swarmId: string): ReadonlySet<ContainerRecord> {
    return recordsIn(this.#bySwarmId.get(swarmId));
  }

  /** All containers with this name or link alias, on any engine. */
  named(name: string): ReadonlySet<ContainerRecord> {
    return recordsIn(this.#byName.get(name));
  }

  /**
   * What a reference means: id or its first 12 characters, swarm id likewise, name (`web`, `/web`, `node-1/web`, `<engine id>/web`),
   * unique prefix of either id. The first rule with a hit wins; a name or prefix that fits several containers means nothing. Of several copies of
   * one container it means the better one (see `betterCopy`).
   * @param within only containers this accepts take part
   */
  resolve(reference: string, within?: (record: ContainerRecord) => boolean): ContainerRecord | undefined {
    if (reference === "") return undefined;
    const accepts = (record: ContainerRecord | undefined): record is ContainerRecord =>
      record !== undefined && (within === undefined || within(record));
    const exact = (this.#byId.get(reference) ?? this.#byFormerId.get(reference))?.record;
    if (accepts(exact)) return exact;
    if (reference.length === 12) {
      for (const [key, { record }] of this.#prefixes.startingWith(reference)) {
        if ((key === record.id || record.formerIds.includes(key)) && accepts(record)) return record;
      }
    }
    const copies = [...this.withSwarmId(reference)].filter(accepts);
    if (copies.length > 0) return copies.reduce(betterCopy);
    if (reference.length === 12) {
      for (const [key, { record }] of this.#prefixes.startingWith(reference)) {
        if (key !== record.swarmId || !accepts(record)) continue;
        return [...this.withSwarmId(key)].filter(accepts).reduce(betterCopy);
      }
    }
    const named = this.#allNamed(reference, accepts);
    return named.size === 0 ? this.#resolvePrefix(reference, accepts) : onlyOne(named);
  }

  /** Every container the reference could mean on some engine, and maybe others: where it is not found, {@link resolve} finds nothing. */
  *mentioned(reference: string): Generator<ContainerRecord> {
    if (reference === "") return;
    for (const [, { record }] of this.#prefixes.startingWith(reference)) yield record;
    yield* this.named(reference.startsWith("/") ? reference.slice(1) : reference);
    const slash = reference.indexOf("/");
    if (slash > 0) yield* this.named(reference.slice(slash + 1));
  }

  #allNamed(reference: string, accepts: (record: ContainerRecord) => boolean): ReadonlySet<ContainerRecord> {
    const found = new Set<ContainerRecord>();
    const bare = reference.startsWith("/") ? reference.slice(1) : reference;
    for (const record of this.named(bare)) if (accepts(record)) found.add(record);
    const slash = reference.indexOf("/");
    if (slash > 0) {
      const node = reference.slice(0, slash);
      for (const record of this.named(reference.slice(slash + 1))) {
        if (isNamed(record, node) && accepts(record)) found.add(record);
      }
    }
    return found;
  }

  #resolvePrefix(
    reference: string,
    accepts: (record: ContainerRecord) => boolean,
  ): ContainerRecord | undefined {
    const found = new Set<ContainerRecord>();
    for (const [, { record }] of this.#prefixes.startingWith(reference)) {
      if (!accepts(record)) continue;
      found.add(record);
      if (onlyOne(found) === undefined) return undefined;
    }
    return onlyOne(found);
  }
}

const prefixedKeys = ({ record: { id, swarmId, formerIds } }: Seat): readonly string[] =>
  swarmId === "" ? [id, ...formerIds] : [id, swarmId, ...formerIds];

const recordsIn = (seats: ReadonlySet<Seat>): ReadonlySet<ContainerRecord> =>
  seats.size === 0 ? NONE : new Set(Array.from(seats, ({ record }) => record));

/** The best of these records if they are copies of one container; undefined when they are several containers, or none. */
function onlyOne(records: Iterable<ContainerRecord>): ContainerRecord | undefined {
  const [first, ...others] = records;
  if (first === undefined) return undefined;
  const areCopies = others.every((other) => originOf(other) === originOf(first));
  return areCopies ? others.reduce(betterCopy, first) : undefined;
}

/** What all copies of a container share. One that was created past the manager has no swarm ID; its copies have its ID for one. */
const originOf = ({ swarmId, id }: ContainerRecord): string => (swarmId === "" ? id : swarmId);

/** Is the container's engine called this: name, combined ID or bare ID? */
function isNamed({ engine }: ContainerRecord, text: string): boolean {
  return text === engine.name || text === engine.id || text === engine.engineId;
}
