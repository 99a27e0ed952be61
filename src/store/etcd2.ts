import type { Backend, Holding, Snapshot } from "./backend.ts";
import type { Connection } from "./connection.ts";
import { atMost } from "./deadline.ts";
import { Etcd2Api, Etcd2Refusal } from "./etcd2-api.ts";
import type { Etcd2Answer, Etcd2Node, ImportPackage } from "./etcd2-api.ts";
import { tryLockByCas } from "./lock-by-cas.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** etcd's error numbers. */
const code = {
  keyNotFound: 100,
  testFailed: 101,
  notFile: 102,
  notDir: 104,
  exists: 105,
  historyGone: 401,
} as const;

/** etcd by its old protocol, version 2, which the original's agents and managers speak (spec: discovery.md §6). */
export class Etcd2Backend implements Backend {
  readonly #api: Etcd2Api;

  /** `importPackage`: where the optional package comes from, if not from beside this program. */
  constructor(connection: Connection, importPackage?: ImportPackage) {
    this.#api = new Etcd2Api(connection, importPackage);
  }

  async get(key: string, signal: AbortSignal): Promise<Entry | undefined> {
    return (await this.next({ key }, signal)).entries[0];
  }

  async put(key: string, value: string, { ttlMs, when }: PutOptions, signal: AbortSignal): Promise<Revision> {
    const query = {
      ...(ttlMs === undefined ? {} : { ttl: Math.max(1, Math.ceil(ttlMs / 1000)) }),
      ...(when === "absent" ? { prevExist: false } : {}),
      ...(typeof when === "object" ? { prevIndex: when.revision } : {}),
    };
    try {
      const { node } = await this.#api.set(key, value, query, signal);
      return String(node.modifiedIndex);
    } catch (error) {
      throw asConflict(key, error, when !== undefined);
    }
  }

  async delete(key: string, revision: Revision | undefined, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#api.delete(key, revision === undefined ? {} : { prevIndex: revision }, signal);
      return true;
    } catch (error) {
      const isFolder = error instanceof Etcd2Refusal && error.code === code.notFile;
      if ((isFolder || is(error, code.keyNotFound)) && revision === undefined) return false;
      throw asConflict(key, error, revision !== undefined);
    }
  }

  async next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs = 0): Promise<Snapshot> {
    if (since?.cursor !== undefined) {
      const waitIndex = String(BigInt(since.cursor) + 1n);
      await atMost(waitMs, [signal], (inner) => this.#untilChanged(target, waitIndex, inner));
      signal.throwIfAborted();
    }
    return await this.#read(target, signal);
  }

  async tryLock(
    key: string,
    value: string,
    ttlMs: number,
    signal: AbortSignal,
  ): Promise<Holding | undefined> {
    const wholeSeconds = Math.max(1, Math.ceil(ttlMs / 1000)) * 1000;
    return await tryLockByCas(this, key, value, wholeSeconds, signal);
  }

  close(): Promise<void> {
    return Promise.resolve(); // nothing stays open between requests
  }

  async #read(target: Target, signal: AbortSignal): Promise<Snapshot> {
    const recursive = "folder" in target;
    let answer: Etcd2Answer;
    try {
      answer = await this.#api.get(pathOf(target), { quorum: true, recursive }, signal);
    } catch (error) {
      if (!is(error, code.keyNotFound) && !is(error, code.notDir)) throw error;
      const { index } = error as Etcd2Refusal;
      return { entries: [], ...(index === undefined ? {} : { cursor: index }) };
    }
    const { node, index } = answer;
    if (recursive) return { entries: node.dir === true ? leaves(node) : [], cursor: index };
    return { entries: node.dir === true ? [] : leaves(node), cursor: index };
  }

  /** Resolves at the first event from an index on, or when the history does not reach back to it. */
  async #untilChanged(target: Target, waitIndex: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#api.wait(pathOf(target), { recursive: "folder" in target, waitIndex }, signal);
    } catch (error) {
      if (!signal.aborted && !is(error, code.historyGone)) throw error;
    }
  }
}

function pathOf(target: Target): string {
  if ("folder" in target) return target.folder;
  return "key" in target ? target.key : target.lock;
}

function leaves(node: Etcd2Node): Entry[] {
  if (node.dir === true) return (node.nodes ?? []).flatMap(leaves);
  const { key = "", value = "", modifiedIndex } = node;
  return value === "" ? [] : [{ key: key.slice(1), value, revision: String(modifiedIndex) }];
}

function is(error: unknown, wanted: number): boolean {
  return error instanceof Etcd2Refusal && error.code === wanted;
}

/** A condition that did not hold, in the words all stores use. */
function asConflict(key: string, error: unknown, conditional: boolean): unknown {
  const unmet =
    is(error, code.testFailed) || is(error, code.exists) || (conditional && is(error, code.keyNotFound));
  return unmet ? new StoreError("conflict", `${key} was changed by somebody else`, { cause: error }) : error;
}
