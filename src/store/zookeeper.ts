import type { Backend, Holding, Snapshot } from "./backend.ts";
import type { Connection } from "./connection.ts";
import { atMost } from "./deadline.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { isLockChild, ZooKeeperLocks } from "./zookeeper-locks.ts";
import { ZooKeeperNodes } from "./zookeeper-nodes.ts";
import type { Arm, ZooKeeperNode } from "./zookeeper-nodes.ts";
import { ZooKeeperSession } from "./zookeeper-session.ts";
import { createMode } from "./zookeeper-wire.ts";
import type { Stat } from "./zookeeper-wire.ts";

/** How often a write is tried that met another one; each time it looks anew. */
const tries = 5;

/** An entry with a TTL that we wrote: it hangs on our session, and we end it when its time is up. */
interface Mortal {
  readonly value: string;
  readonly until: number;
  readonly timer: NodeJS.Timeout;
  /** Absent when our write was not answered: whether the entry is there is not known. */
  readonly revision: Revision | undefined;
}

/** ZooKeeper, with the original's nodes (spec: discovery.md §7, ha.md §2). */
export class ZooKeeperBackend implements Backend {
  readonly #nodes: ZooKeeperNodes;
  readonly #locks: ZooKeeperLocks;
  readonly #mortals = new Map<string, Mortal>();
  readonly #closing = new AbortController();

  /** `sessionMs`: after how long without a sign of us our entries and locks go. The server has its own limits. */
  constructor(connection: Connection, sessionMs = 10_000) {
    const session = new ZooKeeperSession(connection, sessionMs, (isNew) => {
      if (isNew) void this.#restore();
      else void this.#locks.sweep(AbortSignal.timeout(sessionMs));
    });
    this.#nodes = new ZooKeeperNodes(connection, session);
    this.#locks = new ZooKeeperLocks(this.#nodes);
  }

  async get(key: string, signal: AbortSignal): Promise<Entry | undefined> {
    return (await this.next({ key }, signal)).entries[0];
  }

  async put(key: string, value: string, options: PutOptions, signal: AbortSignal): Promise<Revision> {
    const path = `/${key}`;
    for (let attempt = 1; attempt <= tries; attempt++) {
      let stat: Stat | undefined;
      try {
        stat = await this.#tryPut(path, value, options, signal);
      } catch (error) {
        const refused = error instanceof StoreError && error.kind === "conflict";
        if (!refused && options.ttlMs !== undefined) this.#remember(path, value, options.ttlMs, undefined);
        throw error;
      }
      if (stat === undefined) continue;
      this.#forget(path);
      if (options.ttlMs !== undefined) this.#remember(path, value, options.ttlMs, revisionOf(stat));
      return revisionOf(stat);
    }
    throw new StoreError("conflict", `${key} is written by others all the time`);
  }

  async delete(key: string, revision: Revision | undefined, signal: AbortSignal): Promise<boolean> {
    const path = `/${key}`;
    const node = await this.#nodes.read(path, signal);
    const there = node !== undefined && node.value !== "";
    if (revision !== undefined && (!there || revisionOf(node.stat) !== revision)) throw conflict(key);
    if (!there) return false;
    const version = revision === undefined ? undefined : node.stat.version;
    const done = await this.#nodes.remove(path, signal, version);
    if (!done && revision !== undefined) throw conflict(key);
    this.#forget(path);
    return true;
  }

  async next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs = 0): Promise<Snapshot> {
    if (since === undefined) {
      await this.#nodes.sync("/", signal);
      return await this.#read(target, signal);
    }
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const armed: (() => void)[] = [];
    try {
      const now = await this.#read(target, signal, (path) =>
        armed.push(this.#nodes.session.watch([path], wake)),
      );
      if (now.cursor !== since.cursor) return now;
      await atMost(waitMs, [signal], () => woken);
      return await this.#read(target, signal);
    } finally {
      for (const disarm of armed) disarm();
    }
  }

  async tryLock(
    key: string,
    value: string,
    _ttlMs: number,
    signal: AbortSignal,
  ): Promise<Holding | undefined> {
    return await this.#locks.tryLock(`/${key}`, value, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const path of [...this.#mortals.keys()]) this.#forget(path);
    await this.#nodes.session.close();
  }

  /** One attempt to write; `undefined` when somebody wrote between our look and our write. */
  async #tryPut(
    path: string,
    value: string,
    { ttlMs, when }: PutOptions,
    signal: AbortSignal,
  ): Promise<Stat | undefined> {
    const node = await this.#nodes.read(path, signal);
    const there = node !== undefined && node.value !== "";
    const key = path.slice(1);
    if (when === "absent" && there) throw conflict(key);
    if (typeof when === "object" && (!there || revisionOf(node.stat) !== when.revision)) throw conflict(key);
    const mode = ttlMs === undefined ? createMode.persistent : createMode.ephemeral;
    if (node === undefined) return (await this.#nodes.create(path, value, mode, signal))?.stat;
    const { stat } = node;
    const owner = ttlMs === undefined ? 0n : (await this.#nodes.session.ticket()).id;
    if (stat.ephemeralOwner === owner) return await this.#nodes.write(path, value, stat.version, signal);
    return await this.#nodes.replace(path, value, mode, stat.version, signal);
  }

  async #read(target: Target, signal: AbortSignal, arm?: Arm): Promise<Snapshot> {
    const entries: Entry[] = [];
    if ("folder" in target) {
      const path = target.folder === "" ? "" : `/${target.folder}`;
      await this.#readBelow(path, entries, signal, arm);
      entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    } else {
      const path = `/${"key" in target ? target.key : target.lock}`;
      const held = "key" in target || (await this.#nodes.children(path, signal, arm)).some(isLockChild);
      const node = await this.#nodes.read(path, signal, arm);
      if (held && node !== undefined && node.value !== "") entries.push(toEntry(path, node));
    }
    return { entries, cursor: entries.map(({ key, revision }) => `${key}\n${revision}`).join("\n") };
  }

  /** Reads a folder's whole content; the requests go out together, the answers come in order. */
  async #readBelow(path: string, entries: Entry[], signal: AbortSignal, arm?: Arm): Promise<void> {
    const names = await this.#nodes.children(path === "" ? "/" : path, signal, arm);
    await Promise.all(
      names.map(async (name) => {
        if (isLockChild(name) || (path === "" && name === "zookeeper")) return;
        const child = `${path}/${name}`;
        const node = await this.#nodes.read(child, signal, arm);
        if (node === undefined) return;
        if (node.value !== "") entries.push(toEntry(child, node));
        if (node.value === "" || node.stat.children > 0) await this.#readBelow(child, entries, signal, arm);
      }),
    );
  }

  #remember(path: string, value: string, ttlMs: number, revision: Revision | undefined): void {
    const expire = async () => {
      if (this.#mortals.get(path)?.timer !== timer) return;
      const signal = AbortSignal.timeout(5000);
      try {
        const mine = revision ?? (await this.#revisionIfOurs(path, value, signal));
        if (mine !== undefined) await this.delete(path.slice(1), mine, signal);
      } catch (error) {
        if (error instanceof StoreError && error.kind === "conflict") this.#forget(path);
        else if (this.#mortals.get(path)?.timer === timer) this.#remember(path, value, 1000, revision);
      }
    };
    const timer = setTimeout(() => void expire(), ttlMs);
    timer.unref();
    this.#mortals.set(path, { value, until: performance.now() + ttlMs, timer, revision });
  }

  #forget(path: string): void {
    clearTimeout(this.#mortals.get(path)?.timer);
    this.#mortals.delete(path);
  }

  async #revisionIfOurs(path: string, value: string, signal: AbortSignal): Promise<Revision | undefined> {
    const node = await this.#nodes.read(path, signal);
    const { id } = await this.#nodes.session.ticket();
    return node?.value === value && node.stat.ephemeralOwner === id ? revisionOf(node.stat) : undefined;
  }

  /** Writes again what went with an expired session before its time; others may have done so first. */
  async #restore(): Promise<void> {
    for (const [path, { value, until, revision }] of [...this.#mortals]) {
      const ttlMs = until - performance.now();
      this.#forget(path);
      if (ttlMs <= 0 || revision === undefined || this.#closing.signal.aborted) continue;
      const signal = AbortSignal.timeout(5000);
      await this.put(path.slice(1), value, { ttlMs, when: "absent" }, signal).catch(() => undefined);
    }
  }
}

function toEntry(path: string, { value, stat }: ZooKeeperNode): Entry {
  return { key: path.slice(1), value, revision: revisionOf(stat) };
}

/** The version counts from 0 in each node of that name; the transaction that made the node tells them apart. */
function revisionOf({ czxid, version }: Stat): Revision {
  return `${czxid}.${version}`;
}

function conflict(key: string): StoreError {
  return new StoreError("conflict", `${key} was changed by somebody else`);
}
