import type { Logger } from "pino";
import { RESCHEDULED_FROM_LABEL, type ContainerRecord } from "../../cluster/container-record.ts";
import type { Entry, Store } from "../../store/store.ts";
import { BookWriter, type BookTimes, type Decoded } from "./book-writer.ts";
import { swarmIdOf } from "./policy.ts";
import { asRecord, isId, isText } from "./shape.ts";

/** Where removed containers are kept, one entry each by swarm ID. */
export const REMOVED_FOLDER = "docker/swarm/removed";
const VERSION = 1;
/** A node that stays away longer than this brings its copies back for good, milliseconds. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** The newest are kept: a cluster may lose nodes for good again and again. */
const MAX_GRAVES = 10_000;
const MAX_IDS = 128;

/** A container its user has removed after it had moved: copies it had before may be on nodes that are away, and must not come back. */
export interface Grave {
  readonly swarmId: string;
  readonly name: string;
  /** Of those copies. */
  readonly ids: readonly string[];
  /** What a copy was being made for of which nobody had heard yet; absent: there is none. */
  readonly madeFor?: string | undefined;
  /** Unix milliseconds. */
  readonly removedMs: number;
}

/** What tells whose copy a container is. */
type CopyFacts = Pick<ContainerRecord, "id" | "swarmId" | "labels"> & {
  readonly inspect: { readonly State: { readonly Status: string } };
};

/** All {@link Grave}s, in memory and in the store. */
export class Graveyard implements AsyncDisposable {
  readonly #store: Store;
  readonly #writer: BookWriter<Grave>;
  readonly #most: number;
  readonly #graves = new Map<string, Grave>();
  /** Container IDs, and whose they are. */
  readonly #owners = new Map<string, string>();

  constructor(given: {
    readonly store: Store;
    readonly log: Logger;
    readonly random: () => number;
    readonly times: BookTimes;
    /** So many of the newest are kept. */
    readonly most?: number;
  }) {
    this.#store = given.store;
    this.#most = given.most ?? MAX_GRAVES;
    this.#writer = new BookWriter({
      ...given,
      rules: { keyOf, decode, encode, merged },
      settled: (swarmId, grave) => this.#set(swarmId, grave),
    });
  }

  /** @throws StoreError */
  async load(signal: AbortSignal): Promise<void> {
    const entries = await this.#store.list({ folder: REMOVED_FOLDER }, { signal });
    for (const entry of entries.slice(0, 2 * MAX_GRAVES)) {
      this.#take(entry.key.slice(REMOVED_FOLDER.length + 1), entry);
    }
  }

  /** Whether this container is an old copy of one that was removed. Asks the store where memory does not know. @throws StoreError */
  async knows(record: CopyFacts, signal: AbortSignal): Promise<boolean> {
    const swarmId = swarmIdOf(record);
    if (!this.covers(record) && !this.#writer.isUnsaved(swarmId)) {
      this.#take(swarmId, await this.#store.get(keyOf(swarmId), { signal }));
    }
    return this.covers(record);
  }

  /**
   * Is it an old copy, or one that was being made when its container was removed? That one never ran: labels alone say nothing, for they are copied with
   * images and bodies.
   */
  covers(record: CopyFacts): boolean {
    return this.#owners.has(record.id) || this.#wasBeingMade(record);
  }

  #wasBeingMade(record: CopyFacts): boolean {
    const madeFor = record.labels[RESCHEDULED_FROM_LABEL];
    if (madeFor === undefined || record.inspect.State.Status !== "created") return false;
    return this.#graves.get(swarmIdOf(record))?.madeFor === madeFor;
  }

  values(): Iterable<Grave> {
    return this.#graves.values();
  }

  /** It was removed; with the copies that are known already. The oldest graves make room. */
  bury(grave: Grave): Promise<boolean> {
    const old = this.#graves.get(grave.swarmId);
    const ids = [...new Set([...(old?.ids ?? []), ...grave.ids])].slice(-MAX_IDS);
    for (const { swarmId, removedMs } of [...this.#graves.values()]) {
      if (removedMs < grave.removedMs - KEPT_MS) void this.#remove(swarmId);
    }
    if (this.#graves.size >= this.#most) {
      const oldest = [...this.#graves.values()].reduce((a, b) => (a.removedMs <= b.removedMs ? a : b));
      void this.#remove(oldest.swarmId);
    }
    const madeFor = grave.madeFor ?? old?.madeFor;
    return this.#put({ ...grave, ids, ...(madeFor === undefined ? {} : { madeFor }) });
  }

  /** This copy is gone. */
  gone(record: CopyFacts): void {
    const wasBeingMade = this.#wasBeingMade(record);
    const grave = this.#graves.get(wasBeingMade ? swarmIdOf(record) : (this.#owners.get(record.id) ?? ""));
    if (grave === undefined) return;
    const ids = grave.ids.filter((id) => id !== record.id);
    const { madeFor, ...rest } = { ...grave, ids };
    const left: Grave = wasBeingMade || madeFor === undefined ? rest : { ...rest, madeFor };
    void (isEmpty(left) ? this.#remove(grave.swarmId) : this.#put(left));
  }

  get unsaved(): number {
    return this.#writer.unsaved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }

  #put(grave: Grave): Promise<boolean> {
    this.#set(grave.swarmId, grave);
    return this.#writer.write(grave.swarmId, grave, encode(grave));
  }

  #remove(swarmId: string): Promise<boolean> {
    this.#set(swarmId, undefined);
    return this.#writer.write(swarmId, undefined, undefined);
  }

  #take(swarmId: string, entry: Entry | undefined): void {
    if (this.#writer.isUnsaved(swarmId)) return;
    const decoded = entry && decode(swarmId, entry.value);
    if (decoded?.kind === "newer") this.#writer.noteForeign(swarmId);
    const grave = decoded?.kind === "value" ? decoded.value : undefined;
    this.#writer.noteRead(swarmId, entry, grave);
    this.#set(swarmId, grave);
  }

  #set(swarmId: string, grave: Grave | undefined): void {
    for (const id of this.#graves.get(swarmId)?.ids ?? []) {
      if (this.#owners.get(id) === swarmId) this.#owners.delete(id);
    }
    if (grave === undefined) this.#graves.delete(swarmId);
    else this.#graves.set(swarmId, grave);
    for (const id of grave?.ids ?? []) this.#owners.set(id, swarmId);
  }
}

const keyOf = (swarmId: string): string => `${REMOVED_FOLDER}/${swarmId}`;

const isEmpty = ({ ids, madeFor }: Grave): boolean => ids.length === 0 && madeFor === undefined;

const encode = ({ swarmId, name, ids, madeFor, removedMs }: Grave): string =>
  JSON.stringify({ v: VERSION, swarmId, name, ids, madeFor, removedMs });

function decode(swarmId: string, text: string): Decoded<Grave> {
  const damaged = { kind: "damaged", why: "it is none of ours" } as const;
  if (text.length > 65_536) return damaged;
  try {
    const { v, swarmId: own, name, ids, madeFor, removedMs } = asRecord(JSON.parse(text)) ?? {};
    if (typeof v === "number" && v > VERSION) return { kind: "newer", version: v };
    if (v !== VERSION || own !== swarmId || !isText(name) || typeof removedMs !== "number") return damaged;
    if (!Array.isArray(ids) || ids.length > MAX_IDS || !ids.every(isId)) return damaged;
    if (madeFor !== undefined && !isId(madeFor)) return damaged;
    const value = { swarmId, name, ids, removedMs, ...(madeFor === undefined ? {} : { madeFor }) };
    return { kind: "value", value };
  } catch {
    return damaged;
  }
}

/** What either of them saw go is gone; removed again, it has all the copies either knows. */
function merged(
  base: Grave | undefined,
  ours: Grave | undefined,
  theirs: Grave | undefined,
): Grave | undefined {
  if (ours === undefined) return base === undefined ? theirs : undefined;
  const theirIds = theirs?.ids ?? [];
  const gone = (base?.ids ?? []).filter((id) => !ours.ids.includes(id) || !theirIds.includes(id));
  const ids = [...new Set([...theirIds, ...ours.ids])].filter((id) => !gone.includes(id)).slice(-MAX_IDS);
  const madeFor = ours.madeFor === base?.madeFor ? theirs?.madeFor : ours.madeFor;
  const joined: Grave = { ...ours, ids, madeFor };
  return isEmpty(joined) ? undefined : joined;
}
