import { rootCertificates } from "node:tls";
import { Etcd3 } from "etcd3";
import type { ICompare, IKeyValue, IOptions, IRequestOp } from "etcd3";
import type { Backend, Holding, Snapshot } from "./backend.ts";
import type { Connection } from "./connection.ts";
import { atMost } from "./deadline.ts";
import { grpcError, wasRefused } from "./etcd3-error.ts";
import { serversFor } from "./servers.ts";
import type { Servers } from "./servers.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** Less than a call's own five seconds: the library replaces a dead connection only if a request on it times out. */
const deadlineMs = 4500;

/**
 * etcd by its own protocol, version 3. Keys begin with a slash, as they are shown by version 2; entries with a TTL hang
 * on leases.
 */
export class Etcd3Backend implements Backend {
  readonly #name: string;
  /** One client each: given all servers, the library asks a random one each time, so also one that stands still. */
  readonly #servers: Servers<Etcd3>;

  constructor(connection: Connection) {
    this.#name = connection.name;
    this.#servers = serversFor(
      connection.endpoints,
      (endpoint) => new Etcd3(optionsFor(connection, endpoint)),
    );
  }

  async get(key: string, signal: AbortSignal): Promise<Entry | undefined> {
    const { entries } = await this.next({ key }, signal);
    return entries[0];
  }

  async put(key: string, value: string, { ttlMs, when }: PutOptions, signal: AbortSignal): Promise<Revision> {
    const lease = ttlMs === undefined ? undefined : await this.#grant(ttlMs, signal);
    signal.throwIfAborted();
    const compare = when === undefined ? [] : [isUnchanged(key, when)];
    const revision = await this.#transaction(compare, putStep(key, value, lease), signal);
    if (revision !== undefined) return revision;
    if (lease !== undefined) await this.#revoke(lease);
    throw conflict(key);
  }

  async delete(key: string, revision: Revision | undefined, signal: AbortSignal): Promise<boolean> {
    const there = (await this.get(key, signal)) !== undefined;
    const compare = revision === undefined ? [] : [isUnchanged(key, { revision })];
    const step = { request_delete_range: { key: toBytes(key) } };
    if ((await this.#transaction(compare, step, signal)) === undefined) throw conflict(key);
    return there;
  }

  async next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs = 0): Promise<Snapshot> {
    const range = rangeOf(target);
    if (since?.cursor !== undefined) {
      const from = String(BigInt(since.cursor) + 1n);
      await atMost(waitMs, [signal], (inner) => this.#untilChanged(range, from, inner));
      signal.throwIfAborted();
    }
    const { kvs, header } = await this.#call(signal, (etcd) =>
      etcd.kv.range({ ...range, sort_target: "Key", sort_order: "Ascend" }, soon()),
    );
    return { entries: kvs.map(toEntry).filter((entry) => entry.value !== ""), cursor: header.revision };
  }

  async tryLock(
    key: string,
    value: string,
    ttlMs: number,
    signal: AbortSignal,
  ): Promise<Holding | undefined> {
    if ((await this.get(key, signal)) !== undefined) return undefined;
    const lease = await this.#grant(ttlMs, signal);
    const step = putStep(key, value, lease);
    const created = await this.#transaction([isUnchanged(key, "absent")], step, signal);
    if (created === undefined) {
      await this.#revoke(lease);
      return undefined;
    }
    return {
      ttlMs: Math.ceil(ttlMs / 1000) * 1000,
      renew: async (renewal) => {
        if (!(await this.#keepAlive(lease, renewal))) return false;
        const { kvs } = await this.#call(renewal, (etcd) => etcd.kv.range({ key: toBytes(key) }, soon()));
        return kvs[0]?.create_revision === created;
      },
      release: () => this.#revoke(lease),
    };
  }

  close(): Promise<void> {
    for (const etcd of this.#servers.all) etcd.close();
    return Promise.resolve();
  }

  async #grant(ttlMs: number, signal: AbortSignal): Promise<string> {
    const TTL = Math.max(1, Math.ceil(ttlMs / 1000));
    const grant = (etcd: Etcd3) => etcd.leaseClient.leaseGrant({ TTL, ID: 0 }, soon());
    return (await this.#call(signal, grant)).ID;
  }

  /** The keys that hang on the lease go with it. A lease that is not there any more is what was wanted. */
  async #revoke(ID: string): Promise<void> {
    const revoke = (etcd: Etcd3) => etcd.leaseClient.leaseRevoke({ ID }, soon());
    await this.#call(undefined, revoke).catch(() => undefined);
  }

  async #keepAlive(ID: string, signal: AbortSignal): Promise<boolean> {
    return await this.#call(signal, async (etcd) => {
      const stream = await etcd.leaseClient.leaseKeepAlive(soon());
      const cancel = () => cancelQuietly(stream);
      signal.addEventListener("abort", cancel);
      try {
        return await new Promise<boolean>((resolve, reject) => {
          stream.on("data", ({ TTL }) => resolve(Number(TTL) > 0));
          stream.on("error", reject);
          stream.on("end", () => reject(new StoreError("unreachable", "the connection ended")));
          stream.write({ ID });
        });
      } finally {
        signal.removeEventListener("abort", cancel);
        cancelQuietly(stream);
      }
    });
  }

  /** The revision of a write, or `undefined` when a condition did not hold. */
  async #transaction(
    compare: ICompare[],
    step: IRequestOp,
    signal: AbortSignal,
  ): Promise<Revision | undefined> {
    const request = { compare, success: [step], failure: [] };
    const { succeeded, header } = await this.#call(signal, (etcd) => etcd.kv.txn(request, soon()));
    return succeeded ? header.revision : undefined;
  }

  /**
   * Resolves at the first event of the range from a revision on, or when that revision is no longer kept; a stream of
   * its own each time, so that nothing remembers a server that is gone.
   */
  async #untilChanged(
    range: { readonly key: Buffer; readonly range_end?: Buffer },
    start_revision: string,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(undefined, async (etcd) => {
      const stream = await etcd.watchClient.watch();
      const cancel = () => cancelQuietly(stream);
      signal.addEventListener("abort", cancel);
      try {
        await new Promise<void>((resolve, reject) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve());
          stream.on("data", ({ events, canceled }) => (events.length > 0 || canceled) && resolve());
          stream.on("error", reject); // also what `cancel` ends in; by then nobody listens
          stream.on("end", () => reject(new StoreError("unreachable", "the connection ended")));
          stream.write({ create_request: { ...range, start_revision } });
        });
      } finally {
        signal.removeEventListener("abort", cancel);
        cancelQuietly(stream);
      }
    });
  }

  /**
   * Asks the server that answered last, and the others if the request cannot have reached it. `signal`: nobody waits for
   * the answer any longer, so the next call goes to another server.
   */
  async #call<T>(signal: AbortSignal | undefined, send: (etcd: Etcd3) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const server = this.#servers.current;
      const fail = () => this.#servers.failed(server);
      signal?.addEventListener("abort", fail);
      try {
        return await send(server);
      } catch (error) {
        const refusal = grpcError(this.#name, error);
        if (refusal.kind === "unreachable") fail();
        if (wasRefused(error) && attempt < this.#servers.count) continue;
        throw refusal;
      } finally {
        signal?.removeEventListener("abort", fail);
      }
    }
  }
}

/** A stream that breaks while it is writable makes the library close the connection under all other requests. */
function cancelQuietly(stream: { end(): void; cancel(): void }): void {
  stream.end();
  stream.cancel();
}

function soon(): { deadline: number } {
  return { deadline: Date.now() + deadlineMs };
}

/** The library's own retries and circuit breakers are off: a call fails at once and whoever asked decides. */
function optionsFor({ tls, login }: Connection, endpoint: string): IOptions {
  type Policy = NonNullable<NonNullable<IOptions["faultHandling"]>["global"]>;
  const once = {
    execute: async (work: (context: { signal: AbortSignal }) => unknown) =>
      await work({ signal: new AbortController().signal }),
  } as unknown as Policy;
  return {
    hosts: `${tls ? "https" : "http"}://${endpoint}`,
    faultHandling: { global: once, host: () => once },
    grpcOptions: {
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1000,
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5000,
      "grpc.enable_http_proxy": 0,
    },
    ...(tls && {
      credentials: {
        rootCertificate: Buffer.from([...rootCertificates, tls.ca].join("\n")),
        privateKey: Buffer.from(tls.key),
        certChain: Buffer.from(tls.cert),
      },
    }),
    ...(login && {
      auth: {
        username: login.user,
        password: login.password,
        callOptions: () => ({ deadline: Date.now() + 5000 }),
      },
    }),
  };
}

function putStep(key: string, value: string, lease: string | undefined): IRequestOp {
  const put = { key: toBytes(key), value: Buffer.from(value) };
  return { request_put: lease === undefined ? put : { ...put, lease } };
}

function isUnchanged(key: string, when: NonNullable<PutOptions["when"]>): ICompare {
  const mod_revision = when === "absent" ? "0" : when.revision;
  return { key: toBytes(key), target: "Mod", result: "Equal", mod_revision };
}

function toBytes(key: string): Buffer {
  return Buffer.from(`/${key}`);
}

function rangeOf(target: Target): { readonly key: Buffer; readonly range_end?: Buffer } {
  if ("key" in target) return { key: toBytes(target.key) };
  if ("lock" in target) return { key: toBytes(target.lock) };
  const folder = target.folder === "" ? "/" : `/${target.folder}/`;
  return { key: Buffer.from(folder), range_end: Buffer.from(`${folder.slice(0, -1)}0`) }; // "0" follows "/"
}

function toEntry({ key, value, mod_revision }: IKeyValue): Entry {
  return { key: key.toString("utf8").slice(1), value: value.toString("utf8"), revision: mod_revision };
}

function conflict(key: string): StoreError {
  return new StoreError("conflict", `${key} was changed by somebody else`);
}
