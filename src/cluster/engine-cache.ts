import { EngineResponseError, type EngineClient } from "../docker/engine-client.ts";
import type { ContainerInspect, ContainerSummary, EngineEvent } from "../docker/types.ts";
import { coalesced, coalescedByKey } from "./coalesced.ts";
import { containerRecord, type ContainerRecord } from "./container-record.ts";
import type { EventEffect } from "./engine-event-effect.ts";
import type { Engine } from "./engine.ts";
import { forEachLimited } from "./for-each-limited.ts";
import { Inventory } from "./inventory.ts";
import { limited } from "./limited.ts";
import { ignoreRefusal } from "./ignore-refusal.ts";
import { listMark } from "./list-mark.ts";
import { newsOf } from "./listed-status.ts";
import { ToldContainers } from "./told-containers.ts";

/** Containers read at once because events name them. */
const READS_AT_ONCE = 8;
/** Destroyed containers remembered, so that an answer on its way does not bring one back: so many at rest, and while something is being read. */
const REMEMBERED_DROPS = { atRest: 1_024, reading: 65_536 };

/** How much of an engine to read again. */
type Reading = "everything" | "lists" | "changed-containers";

export interface CacheOptions {
  /** Count `MemoryReservation` where there is no limit. */
  readonly countMemoryReservation: boolean;
  /** Containers are read after each of their events, because rules look at what no event tells. */
  readonly exact: boolean;
  /** How many containers are inspected at once when an engine is read as a whole. */
  inspectsAtOnce(): number;
  /** The engines of which events have told what is not read yet. */
  readonly behind: Set<Engine>;
}

/** Keeps one engine's {@link Inventory} true: reads what changed, never more than once at a time. */
export class EngineCache {
  readonly inventory = new Inventory();
  readonly #engine: Engine;
  readonly #client: EngineClient;
  readonly #options: CacheOptions;
  readonly #dropped = new Set<string>();
  readonly #inTurn = limited(READS_AT_ONCE);
  /** Containers being read by themselves, and how often. */
  readonly #reading = new Map<string, number>();
  /** Of the engine as a whole, under way. */
  #wholeReadings = 0;
  /** What events tell without a question. */
  readonly told: ToldContainers;
  /** A list in which all containers looked as their records say. */
  #seen: { readonly mark: string; readonly version: number } | undefined;
  /** Counts {@link reset}s: an answer to a question asked before one is of no use after it. */
  #epoch = 0;
  /** Reads one container again; resolves when the inventory shows a state no older than the call. */
  refreshContainer(id: string): Promise<void> {
    this.#wholeWanted.add(id);
    return this.#read(id);
  }
  readonly #read = coalescedByKey((id: string) => this.#inTurn(() => this.#readOne(id)));
  /** Of those that wait for their reading: more than an inspection is wanted. */
  readonly #wholeWanted = new Set<string>();
  readonly refreshImages = this.#refreshed("images", () => this.#client.listImages());
  readonly refreshNetworks = this.#refreshed("networks", () => this.#client.listNetworks());
  readonly refreshVolumes = this.#refreshed("volumes", () => this.#client.listVolumes());
  /**
   * Reads the engine as a whole: every container and list (`everything`), lists and the containers that look different (`lists`), or those
   * containers alone (`changed-containers`). Rejects with EngineUnreachableError, or EngineResponseError when a list is refused.
   */
  readonly readAll = coalescedByKey(async (what: Reading) => {
    this.#wholeReadings++;
    try {
      await this.#readAll(what);
    } finally {
      this.#wholeReadings--;
    }
  });

  constructor(engine: Engine, client: EngineClient, options: CacheOptions) {
    this.#engine = engine;
    this.#client = client;
    this.#options = options;
    this.told = new ToldContainers({
      exact: options.exact,
      get: (id) => this.inventory.containers.get(id),
      set: ({ summary, inspect }) => this.#set(summary, inspect, { told: true }),
      replace: (record) => this.inventory.setContainer(record),
      isBeingRead: (id) => this.#reading.has(id),
      read: (id) => this.refreshContainer(id),
      list: (ids) => this.#client.listContainers(ids),
      behind: (isBehind) => {
        if (isBehind) options.behind.add(engine);
        else options.behind.delete(engine);
      },
    });
  }

  /** Empties the inventory, and keeps what is still on its way out of it. */
  reset(): void {
    this.#epoch++;
    this.#seen = undefined;
    this.#dropped.clear();
    this.told.forgetAll();
    this.inventory.detach();
    this.inventory.clear();
  }

  /** Forgets a container for good: IDs are never used twice. */
  dropContainer(id: string): void {
    this.#dropped.add(id);
    const { atRest, reading } = REMEMBERED_DROPS;
    const most = this.#reading.size > 0 || this.#wholeReadings > 0 ? reading : atRest;
    for (const oldest of this.#dropped) {
      if (this.#dropped.size <= most) break;
      this.#dropped.delete(oldest);
    }
    this.told.wasRead(id);
    this.inventory.removeContainer(id);
  }

  /** Forgets what is known of a container; it may be there. */
  forgetContainer(id: string): void {
    this.told.wasRead(id);
    this.inventory.removeContainer(id);
  }

  /**
   * Does what an event asks for.
   * @returns undefined: done already
   */
  follow(effect: EventEffect, event: EngineEvent): Promise<void> | undefined {
    switch (effect.kind) {
      case "refresh-container":
        // What leaves networks after its end is gone by then.
        if (this.#dropped.has(effect.id) || this.told.follow(event, effect.id)) return undefined;
        return event.Action === "update" ? this.#read(effect.id) : this.refreshContainer(effect.id);
      case "drop-container":
        this.dropContainer(effect.id);
        return undefined;
      case "images":
        return this.refreshImages();
      case "networks":
        return this.refreshNetworks();
      case "volumes":
        return this.refreshVolumes();
      case "everything":
        return this.readAll("lists");
      case "none":
      case "exec":
      case "specs":
        return undefined;
    }
  }

  async #readAll(what: Reading): Promise<void> {
    const epoch = this.#epoch;
    const before = new Map(this.inventory.containers);
    const listing = await this.#client.listAllContainers();
    if (epoch !== this.#epoch) return;
    const mark = listMark(listing.body);
    if (what === "changed-containers" && this.#isAsSeen(mark)) return;
    const listed = listing.entries();
    const gone = new Set(before.keys());
    for (const { Id } of listed) gone.delete(Id);
    for (const id of gone) this.forgetContainer(id);
    if (what !== "everything") this.told.takeListed(listed, before);
    const stale = what === "everything" ? listed : listed.filter((summary) => this.#looksChanged(summary));
    await forEachLimited(stale, this.#options.inspectsAtOnce(), async (summary) => {
      const { Id } = summary;
      const inspect = await this.#inspect(Id);
      if (epoch !== this.#epoch) return;
      const known = this.inventory.containers.get(Id);
      if (known !== before.get(Id)) {
        // Read meanwhile because of an event, and that is no older than this; or told by one, which knows less.
        if (known?.told === true) await this.refreshContainer(Id);
        return;
      }
      if (inspect === "gone") this.inventory.removeContainer(Id);
      else if (inspect !== "unreadable" && inspect.State.Status === summary.State)
        this.#set(summary, inspect);
      else if (inspect !== "unreadable") await this.refreshContainer(Id);
    });
    if (epoch !== this.#epoch) return;
    this.#seen = this.#agrees(listed) ? { mark, version: this.inventory.version } : undefined;
    if (what === "changed-containers") return;
    await this.refreshImages();
    await Promise.all([ignoreRefusal(this.refreshNetworks()), ignoreRefusal(this.refreshVolumes())]);
  }

  /** Are the records what is listed, no more and no less? What came while the list was on its way is not in it. */
  #agrees(listed: readonly ContainerSummary[]): boolean {
    return (
      listed.length === this.inventory.containers.size &&
      !listed.some((summary) => this.#looksChanged(summary))
    );
  }

  /** Nothing is listed that was not when the records were found to agree with the list, and they are the same ones. */
  #isAsSeen(mark: string): boolean {
    return this.#seen?.mark === mark && this.#seen.version === this.inventory.version && this.told.isSettled;
  }

  #looksChanged(summary: ContainerSummary): boolean {
    const record = this.inventory.containers.get(summary.Id);
    if (record === undefined || summary.State === "restarting") return true;
    if (record.summary === summary) return record.inspect.State.Status !== summary.State;
    return (
      fingerprint(record.summary) !== fingerprint(summary) || record.inspect.State.Status !== summary.State
    );
  }

  /** What `docker update` changes, say, no list shows: then an inspection is enough. */
  #readOne(id: string): Promise<void> {
    return this.#wholeWanted.delete(id) ? this.#readContainer(id) : this.#readInspect(id);
  }

  async #readContainer(id: string): Promise<void> {
    const epoch = this.#epoch;
    using _reading = this.#beginReading(id);
    const [summaries, inspect] = await Promise.all([this.#client.listContainers([id]), this.#inspect(id)]);
    if (epoch === this.#epoch) this.#take(id, summaries, inspect);
  }

  async #readInspect(id: string): Promise<void> {
    const epoch = this.#epoch;
    using _reading = this.#beginReading(id);
    const inspect = await this.#inspect(id);
    if (epoch !== this.#epoch) return;
    const known = this.inventory.containers.get(id);
    const isElse = inspect === "gone" || inspect === "unreadable" || known === undefined;
    if (isElse || known.summary.State !== inspect.State.Status) await this.#readContainer(id);
    else this.#set(known.summary, inspect, { told: known.told });
  }

  #beginReading(id: string): Disposable {
    this.#reading.set(id, (this.#reading.get(id) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const others = (this.#reading.get(id) ?? 1) - 1;
        if (others > 0) this.#reading.set(id, others);
        else this.#reading.delete(id);
      },
    };
  }

  #take(
    id: string,
    summaries: readonly ContainerSummary[],
    inspect: ContainerInspect | "gone" | "unreadable",
  ): void {
    this.told.wasRead(id);
    const summary = summaries.find(({ Id }) => Id === id);
    if (summary === undefined || inspect === "gone") this.inventory.removeContainer(id);
    else if (inspect !== "unreadable") this.#set(summary, inspect);
  }

  /**
   * A container its engine cannot show must not keep that engine out of the cluster: as long as it is `unreadable`, what we knew of it stands.
   */
  async #inspect(id: string): Promise<ContainerInspect | "gone" | "unreadable"> {
    try {
      return await this.#client.inspectContainer(id);
    } catch (error) {
      if (!(error instanceof EngineResponseError)) throw error;
      return error.status === 404 ? "gone" : "unreadable";
    }
  }

  #set(summary: ContainerSummary, inspect: ContainerInspect, { told = false } = {}): void {
    if (this.#dropped.has(inspect.Id)) return;
    let record: ContainerRecord;
    try {
      record = containerRecord(this.#engine, summary, inspect, {
        engineCpus: this.#engine.cpus,
        countMemoryReservation: this.#options.countMemoryReservation,
        told,
      });
    } catch (error) {
      // Of a shape no Docker engine has: as unreadable as one that is refused.
      if (error instanceof TypeError) return;
      throw error;
    }
    this.inventory.setContainer(record);
  }

  #refreshed<K extends "images" | "networks" | "volumes">(
    kind: K,
    list: () => Promise<Inventory[K]>,
  ): () => Promise<void> {
    return coalesced(async () => {
      const epoch = this.#epoch;
      const answer = await list();
      if (epoch === this.#epoch && answer !== this.inventory[kind]) this.inventory[kind] = answer;
    });
  }
}

/** What of a list entry changes when the container does, and does not with the mere passing of time. */
function fingerprint({ State, Status, Names, Ports, NetworkSettings }: ContainerSummary): string {
  return JSON.stringify([State, newsOf(Status), Names, Ports, Object.keys(NetworkSettings?.Networks ?? {})]);
}
