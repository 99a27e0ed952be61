import type { Backend, Holding, Snapshot } from "./backend.ts";
import type { Connection } from "./connection.ts";
import { ConsulApi, lockFlags } from "./consul-api.ts";
import type { ConsulOperation, ConsulPair } from "./consul-api.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** How often a write is tried that met another one; each time it looks anew. */
const tries = 5;

/** Consul's key-value store, with the original's keys, flags and sessions (spec: discovery.md §5, ha.md §2). */
export class ConsulBackend implements Backend {
  readonly #api: ConsulApi;
  /** The sessions behind our entries with a TTL, by key. */
  readonly #sessions = new Map<string, { readonly id: string; readonly wantedMs: number; until: number }>();

  constructor(connection: Connection) {
    this.#api = new ConsulApi(connection);
  }

  async get(key: string, signal: AbortSignal): Promise<Entry | undefined> {
    const pair = await this.#api.get(key, signal);
    return pair && toEntry(pair);
  }

  async put(key: string, value: string, options: PutOptions, signal: AbortSignal): Promise<Revision> {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const revision = await this.#tryPut(key, value, options, signal);
      if (revision !== undefined) return revision;
    }
    throw new StoreError("conflict", `${key} is written by others all the time`);
  }

  async delete(key: string, revision: Revision | undefined, signal: AbortSignal): Promise<boolean> {
    const pair = await this.#api.get(key, signal);
    if (revision !== undefined && String(pair?.ModifyIndex) !== revision) throw conflict(key);
    if (pair === undefined) return false;
    const step: ConsulOperation =
      revision === undefined
        ? { Verb: "delete", Key: key }
        : { Verb: "delete-cas", Key: key, Index: Number(revision) };
    if ((await this.#api.transaction([step], signal)) === undefined) throw conflict(key);
    await this.#forget(key, signal);
    return toEntry(pair) !== undefined;
  }

  async next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs = 0): Promise<Snapshot> {
    const what =
      "folder" in target
        ? { key: target.folder === "" ? "" : `${target.folder}/`, recurse: true }
        : { key: "key" in target ? target.key : target.lock, recurse: false };
    const from = since?.cursor;
    const { pairs, index } = await this.#api.read(
      what,
      signal,
      from === undefined ? undefined : { index: from, waitMs },
    );
    // To a program that may not read them Consul shows no keys; only a question for one key says that it is forbidden.
    if ("folder" in target && pairs.length === 0) await this.#api.get(`${what.key}_`, signal);
    const wanted = "lock" in target ? pairs.filter(({ Session }) => Session !== undefined) : pairs;
    const entries = wanted.map(toEntry).filter((entry) => entry !== undefined);
    // An index that went back means another history; going on from it would wait for the old one to be reached again.
    const goOn = Number(index) > 0 && Number(index) >= Number(from ?? 0);
    return goOn ? { entries, cursor: index } : { entries };
  }

  /** The session lives half the TTL: Consul may keep one twice as long. */
  async tryLock(
    key: string,
    value: string,
    ttlMs: number,
    signal: AbortSignal,
  ): Promise<Holding | undefined> {
    if ((await this.#api.get(key, signal))?.Session !== undefined) return undefined;
    const { id, ttlMs: lifeMs } = await this.#api.createSession(ttlMs / 2, signal);
    try {
      if ((await this.#api.transaction([write("lock", key, value, id)], signal)) === undefined) {
        await this.#api.destroySession(id, signal);
        return undefined;
      }
    } catch (error) {
      void this.#api.destroySession(id, AbortSignal.timeout(1000));
      throw error;
    }
    return {
      ttlMs: lifeMs,
      freeWithinMs: 2 * lifeMs,
      renew: async (renewal) => {
        const renewed = await this.#api.renewSession(id, renewal);
        if ((await this.#api.get(key, renewal))?.Session !== id) return false;
        // A server that has just been elected does not know all sessions yet; of the key it speaks for the majority.
        if (!renewed) throw new StoreError("failed", `the session of ${key} was not renewed`);
        return true;
      },
      release: async (last) => {
        const mine = { Verb: "check-session", Key: key, Session: id } as const;
        await this.#api.transaction([mine, { Verb: "delete", Key: key }], last);
        await this.#api.destroySession(id, last);
      },
    };
  }

  close(): Promise<void> {
    this.#api.close();
    return Promise.resolve();
  }

  /** One attempt to write; `undefined` when somebody wrote between our look and our write. */
  async #tryPut(
    key: string,
    value: string,
    { ttlMs, when }: PutOptions,
    signal: AbortSignal,
  ): Promise<Revision | undefined> {
    const pair = await this.#api.get(key, signal);
    if (when === "absent" && pair !== undefined) throw conflict(key);
    if (typeof when === "object" && String(pair?.ModifyIndex) !== when.revision) throw conflict(key);
    // What we saw is still so when we write: the condition, and whose session the key hangs on.
    const seen: ConsulOperation =
      pair === undefined
        ? { Verb: "check-not-exists", Key: key }
        : { Verb: "check-index", Key: key, Index: pair.ModifyIndex };
    const held = pair?.Session;
    const session = ttlMs === undefined ? undefined : await this.#sessionFor(key, ttlMs, held, signal);
    const steps: ConsulOperation[] = [seen];
    if (held !== undefined && held !== session) steps.push(write("unlock", key, "-", held)); // overwritten at once
    steps.push(session === undefined ? write("set", key, value) : write("lock", key, value, session));
    const done = await this.#api.transaction(steps, signal);
    if (done === undefined) return undefined;
    if (ttlMs === undefined) await this.#forget(key, signal);
    return done.index;
  }

  /**
   * A session of half the TTL for the key, as the original has it: ours, renewed, while the key hangs on it; else a new
   * one, for a session of somebody else ends when its owner says so.
   */
  async #sessionFor(
    key: string,
    ttlMs: number,
    held: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const known = this.#sessions.get(key);
    const usable = known?.wantedMs === ttlMs && (held === undefined || held === known.id);
    const until = performance.now() + ttlMs;
    if (usable && (await this.#api.renewSession(known.id, signal))) {
      known.until = until;
      return known.id;
    }
    await this.#forget(key, signal, held);
    const { id } = await this.#api.createSession(ttlMs / 2, signal);
    for (const [other, session] of this.#sessions) {
      if (session.until < performance.now()) this.#sessions.delete(other); // it ended by itself
    }
    this.#sessions.set(key, { id, wantedMs: ttlMs, until });
    return id;
  }

  /** Ends our session of a key, unless the key hangs on it: it would take the key along. */
  async #forget(key: string, signal: AbortSignal, held?: string): Promise<void> {
    const known = this.#sessions.get(key);
    this.#sessions.delete(key);
    if (known !== undefined && known.id !== held) await this.#api.destroySession(known.id, signal);
  }
}

function write(
  Verb: "set" | "lock" | "unlock",
  Key: string,
  value: string,
  Session?: string,
): ConsulOperation {
  const step = { Verb, Key, Value: Buffer.from(value).toString("base64"), Flags: lockFlags } as const;
  return Session === undefined ? step : { ...step, Session };
}

function toEntry({ Key, Value, ModifyIndex }: ConsulPair): Entry | undefined {
  if (Value === null || Value === "") return undefined;
  return { key: Key, value: Value, revision: String(ModifyIndex) };
}

function conflict(key: string): StoreError {
  return new StoreError("conflict", `${key} was changed by somebody else`);
}
