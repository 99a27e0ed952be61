import type { ContainerRecord } from "./container-record.ts";
import { PrefixIndex } from "./prefix-index.ts";

/**
 * Every container of every validated engine, by every way a user may refer to it (spec: api.md §3.1). All look-ups cost the
 * same at 10 and at 100,000 containers.
 */
export class ContainerIndex {
  readonly #byId = new Map<string, ContainerRecord>();
  readonly #bySwarmId = new Map<string, Set<ContainerRecord>>();
  readonly #byName = new Map<string, Set<ContainerRecord>>();
  readonly #byFormerId = new Map<string, ContainerRecord>();
  /** Prefixes of IDs, former IDs and swarm IDs. */
  readonly #prefixes = new PrefixIndex<ContainerRecord>();

  get size(): number {
    return this.#byId.size;
  }

  values(): Iterable<ContainerRecord> {
    return this.#byId.values();
  }

  add(record: ContainerRecord): void {
    this.#byId.set(record.id, record);
    this.#prefixes.add(record.id, record);
    for (const name of record.names) addTo(this.#byName, name, record);
    if (record.swarmId !== "") {
      addTo(this.#bySwarmId, record.swarmId, record);
      this.#prefixes.add(record.swarmId, record);
    }
    for (const id of record.formerIds) {
      this.#byFormerId.set(id, record);
      this.#prefixes.add(id, record);
    }
  }

  remove(record: ContainerRecord): void {
    this.#prefixes.remove(record.id, record);
    this.#forget(this.#byId, record.id, record);
    for (const name of record.names) removeFrom(this.#byName, name, record);
    if (record.swarmId !== "") {
      removeFrom(this.#bySwarmId, record.swarmId, record);
      this.#prefixes.remove(record.swarmId, record);
    }
    for (const id of record.formerIds) {
      this.#prefixes.remove(id, record);
      this.#forget(this.#byFormerId, id, record);
    }
  }

  /** Two machines may hold one ID for a moment, when one takes the other's place: what is left of it is found again. */
  #forget(map: Map<string, ContainerRecord>, id: string, record: ContainerRecord): void {
    if (map.get(id) !== record) return;
    map.delete(id);
    for (const other of this.#prefixes.get(id)) {
      if (map === this.#byId ? other.id === id : other.formerIds.includes(id)) map.set(id, other);
    }
  }

  byId(id: string): ContainerRecord | undefined {
    return this.#byId.get(id);
  }

  /** All containers with this name or link alias, on any engine. */
  named(name: string): ReadonlySet<ContainerRecord> {
    return this.#byName.get(name) ?? NONE;
  }

  /**
   * What a reference means: id or its first 12 characters, swarm id likewise, name (`web`, `/web`, `node-1/web`, `<engine id>/web`),
   * unique prefix of either id. The first rule with a hit wins; a name or prefix that fits several means nothing.
   * @param within only containers this accepts take part
   */
  resolve(reference: string, within?: (record: ContainerRecord) => boolean): ContainerRecord | undefined {
    if (reference === "") return undefined;
    const accepts = (record: ContainerRecord | undefined): record is ContainerRecord =>
      record !== undefined && (within === undefined || within(record));
    const exact = this.#byId.get(reference) ?? this.#byFormerId.get(reference);
    if (accepts(exact)) return exact;
    if (reference.length === 12) {
      for (const [key, record] of this.#prefixes.startingWith(reference)) {
        if ((key === record.id || record.formerIds.includes(key)) && accepts(record)) return record;
      }
    }
    for (const record of this.#bySwarmId.get(reference) ?? NONE) if (accepts(record)) return record;
    if (reference.length === 12) {
      for (const [key, record] of this.#prefixes.startingWith(reference)) {
        if (key === record.swarmId && accepts(record)) return record;
      }
    }
    const named = this.#allNamed(reference, accepts);
    if (named.size === 0) return this.#resolvePrefix(reference, accepts);
    const [only] = named;
    return named.size === 1 ? only : undefined;
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
    let only: ContainerRecord | undefined;
    for (const [, record] of this.#prefixes.startingWith(reference)) {
      if (!accepts(record)) continue;
      if (only !== undefined && only !== record) return undefined;
      only = record;
    }
    return only;
  }
}

const NONE: ReadonlySet<ContainerRecord> = new Set();

/** Is the container's engine called this: name, combined ID or bare ID? */
function isNamed({ engine }: ContainerRecord, text: string): boolean {
  return text === engine.name || text === engine.id || text === engine.engineId;
}

function addTo(map: Map<string, Set<ContainerRecord>>, key: string, record: ContainerRecord): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([record]));
  else set.add(record);
}

function removeFrom(map: Map<string, Set<ContainerRecord>>, key: string, record: ContainerRecord): void {
  const set = map.get(key);
  if (set?.delete(record) === true && set.size === 0) map.delete(key);
}
