import type { Logger } from "pino";
import { MultiMap } from "../../cluster/multi-map.ts";
import { NewestIds } from "../../cluster/newest-ids.ts";
import type { Entry, Store } from "../../store/store.ts";
import { BookWriter, type BookTimes } from "./book-writer.ts";
import { decodeWanted, encodeWanted } from "./codec.ts";
import { Graveyard } from "./graveyard.ts";
import { merged } from "./merge.ts";
import type { WantedContainer } from "./wanted.ts";

/** Where wanted containers are kept, one entry each by swarm ID. */
export const WANTED_FOLDER = "docker/swarm/wanted";
/** More entries than any cluster has: what is beyond is not read. */
const MAX_ENTRIES = 100_000;

/** More than are moved at a time in any cluster. */
const MAX_UNKNOWN_COPIES = 4_096;

const keyOf = (swarmId: string): string => `${WANTED_FOLDER}/${swarmId}`;
const TIMES: BookTimes = { firstPauseMs: 500, longestPauseMs: 10_000, patienceMs: 2_000 };

export interface BookDependencies {
  readonly store: Store;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly times?: Partial<BookTimes>;
}

/** What may be left of a container on nodes that are away. */
export interface Leftovers {
  /** Container IDs. */
  readonly copies: readonly string[];
  /** A copy may be under way of which nobody has heard. Default: as far as this manager knows. */
  readonly mayBeMore?: boolean;
}

/**
 * All wanted containers, in memory and in the store. Memory is what counts while this manager leads; the store follows, and what it holds is read at
 * the beginning of a term. A store that is down or full delays nothing but the storing.
 */
export class WantedBook implements AsyncDisposable {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #writer: BookWriter<WantedContainer>;
  readonly #wanted = new Map<string, WantedContainer>();
  /** Container IDs, present and former, and whose they are. */
  readonly #owners = new Map<string, string>();
  readonly #byName = new MultiMap<string, WantedContainer>();
  /** Too large for the store: known only here. */
  readonly #unstorable = new Set<string>();
  /** Entries the log has named as unreadable. */
  readonly #named = new Set<string>();
  /** Readings of the store under way, and what changed here meanwhile: of that they know nothing. */
  readonly #readings = new Set<Set<string>>();
  readonly #held = new Map<string, number>();
  /** Containers users have removed, of which an old copy may come back with its node. */
  readonly removed: Graveyard;
  /**
   * Swarm IDs of containers of which a copy may be on some engine that nobody has heard of: its create was sent, and what became of it is not known, or not
   * yet. Only this manager knows.
   */
  readonly unknownCopies = new NewestIds(MAX_UNKNOWN_COPIES);

  constructor({ store, log, random = Math.random, times = {} }: BookDependencies) {
    this.#store = store;
    this.#log = log;
    this.#writer = new BookWriter({
      store,
      log,
      rules: { keyOf, decode: decodeWanted, encode: encodeWanted, merged },
      random,
      settled: (swarmId, wanted) => this.#set(swarmId, wanted),
      times: { ...TIMES, ...times },
    });
    this.removed = new Graveyard({ store, log, random, times: { ...TIMES, ...times } });
  }

  /** Reads all there is, at the beginning of a term; what is not stored yet stays. @throws StoreError */
  async load(signal: AbortSignal): Promise<void> {
    using reading = this.#reading();
    const entries = await this.#store.list({ folder: WANTED_FOLDER }, { signal });
    if (entries.length > MAX_ENTRIES) {
      this.#log.error({ entries: entries.length }, `only ${MAX_ENTRIES} wanted containers are read`);
    }
    const there = new Set<string>();
    for (const entry of entries.slice(0, MAX_ENTRIES)) {
      const swarmId = entry.key.slice(WANTED_FOLDER.length + 1);
      there.add(swarmId);
      if (!reading.changed.has(swarmId)) this.#take(swarmId, entry);
    }
    for (const swarmId of [...this.#wanted.keys()]) {
      if (there.has(swarmId) || reading.changed.has(swarmId) || this.#unstorable.has(swarmId)) continue;
      this.#take(swarmId, undefined);
    }
    await this.removed.load(signal);
  }

  get(swarmId: string): WantedContainer | undefined {
    return this.#wanted.get(swarmId);
  }

  /** By present or former container ID. */
  ofContainer(containerId: string): WantedContainer | undefined {
    const swarmId = this.#owners.get(containerId);
    return swarmId === undefined ? undefined : this.#wanted.get(swarmId);
  }

  /** By name, without a leading slash. */
  ofName(name: string): ReadonlySet<WantedContainer> {
    return this.#byName.get(name);
  }

  get isEmpty(): boolean {
    return this.#wanted.size === 0;
  }

  values(): Iterable<WantedContainer> {
    return this.#wanted.values();
  }

  /**
   * In memory at once. Resolves when it is stored (true), or after two seconds (false): then it is tried again until it is, or was changed again.
   * Never rejects.
   */
  put(wanted: WantedContainer): Promise<boolean> {
    this.#set(wanted.swarmId, wanted);
    const text = encodeWanted(wanted);
    if (text === undefined) this.#unstorable.add(wanted.swarmId);
    else this.#unstorable.delete(wanted.swarmId);
    return this.#writer.write(wanted.swarmId, wanted, text);
  }

  /** Likewise. */
  remove(swarmId: string): Promise<boolean> {
    this.#set(swarmId, undefined);
    this.#unstorable.delete(swarmId);
    return this.#writer.write(swarmId, undefined, undefined);
  }

  /**
   * Its user has removed it. What is left of it on nodes that are away goes when they are back.
   * @returns see {@link put}
   */
  async forget({ swarmId, name, last }: WantedContainer, left: Leftovers, nowMs: number): Promise<boolean> {
    const removed = this.remove(swarmId);
    const { copies, mayBeMore = this.unknownCopies.has(swarmId) } = left;
    if (copies.length === 0 && !mayBeMore) return await removed;
    const grave = { swarmId, name, ids: copies, removedMs: nowMs };
    // A copy nobody has heard of says what it was made for.
    const buried = this.removed.bury(mayBeMore ? { ...grave, madeFor: last.containerId } : grave);
    return (await removed) && (await buried);
  }

  /** Whether the store can take what is known of it; if not, only this manager knows. */
  isStorable(swarmId: string): boolean {
    return !this.#unstorable.has(swarmId);
  }

  /** Reads one entry again, since another manager may have written it; what is not stored yet wins. @throws StoreError */
  async fresh(swarmId: string, signal: AbortSignal): Promise<WantedContainer | undefined> {
    if (!this.#writer.isUnsaved(swarmId) && !this.#unstorable.has(swarmId)) {
      using reading = this.#reading();
      const entry = await this.#store.get(keyOf(swarmId), { signal });
      if (!reading.changed.has(swarmId)) this.#take(swarmId, entry);
    }
    return this.#wanted.get(swarmId);
  }

  /**
   * While a manager moves a container on purpose, what engines tell of it says nothing of what its user wants: between this and the answer's call the
   * recorder does not change its record.
   */
  hold(swarmId: string): () => void {
    let held = true;
    this.#held.set(swarmId, (this.#held.get(swarmId) ?? 0) + 1);
    return () => {
      if (!held) return;
      held = false;
      const rest = (this.#held.get(swarmId) ?? 1) - 1;
      if (rest > 0) this.#held.set(swarmId, rest);
      else this.#held.delete(swarmId);
    };
  }

  isHeld(swarmId: string): boolean {
    return this.#held.has(swarmId);
  }

  /** Changes that are not in the store yet. */
  get unsaved(): number {
    return this.#writer.unsaved + this.removed.unsaved;
  }

  /** Gives what is not stored a last chance, two seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#writer[Symbol.asyncDispose](), this.removed[Symbol.asyncDispose]()]);
  }

  #reading(): Disposable & { readonly changed: ReadonlySet<string> } {
    const changed = new Set(this.#writer.unsavedIds);
    this.#readings.add(changed);
    return { changed, [Symbol.dispose]: () => void this.#readings.delete(changed) };
  }

  /** What the store says of it. */
  #take(swarmId: string, entry: Entry | undefined): void {
    const decoded = entry && decodeWanted(swarmId, entry.value);
    if (entry !== undefined && decoded?.kind !== "value" && !this.#named.has(entry.key)) {
      this.#named.add(entry.key);
      const why = decoded?.kind === "newer" ? `version ${decoded.version}` : decoded?.why;
      this.#log.error({ key: entry.key, why }, "a wanted container cannot be read: its entry is left alone");
    }
    if (decoded?.kind === "newer") this.#writer.noteForeign(swarmId);
    const wanted = decoded?.kind === "value" ? decoded.value : undefined;
    this.#writer.noteRead(swarmId, entry, wanted);
    this.#set(swarmId, wanted);
  }

  #set(swarmId: string, wanted: WantedContainer | undefined): void {
    for (const changed of this.#readings) changed.add(swarmId);
    const old = this.#wanted.get(swarmId);
    for (const id of idsOf(old)) if (this.#owners.get(id) === swarmId) this.#owners.delete(id);
    if (old !== undefined) this.#byName.remove(old.name, old);
    if (wanted === undefined) this.#wanted.delete(swarmId);
    else {
      this.#wanted.set(swarmId, wanted);
      this.#byName.add(wanted.name, wanted);
    }
    for (const id of idsOf(wanted)) this.#owners.set(id, swarmId);
  }
}

const idsOf = (wanted: WantedContainer | undefined): readonly string[] =>
  wanted === undefined ? [] : [...wanted.formerIds, wanted.last.containerId];
