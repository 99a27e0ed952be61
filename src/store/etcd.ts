import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import type { Backend, Holding, Snapshot } from "./backend.ts";
import { splitEndpoint } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { Etcd2Backend } from "./etcd2.ts";
import { Etcd3Backend } from "./etcd3.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { connectionError, StoreError } from "./store-error.ts";

/**
 * etcd by whichever protocol its servers want: version 2 where it is switched on, else version 3. The two do not see each
 * other's keys, so all programs that share a store must come to one answer, at any time; whether version 2 is on is the
 * same for all of them, what is stored already is not. Asked once, on the first call that gets through.
 */
export class EtcdBackend implements Backend {
  readonly #connection: Connection;
  #chosen: Promise<Backend> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async get(key: string, signal: AbortSignal): Promise<Entry | undefined> {
    return await (await this.#backend(signal)).get(key, signal);
  }

  async put(key: string, value: string, options: PutOptions, signal: AbortSignal): Promise<Revision> {
    return await (await this.#backend(signal)).put(key, value, options, signal);
  }

  async delete(key: string, revision: Revision | undefined, signal: AbortSignal): Promise<boolean> {
    return await (await this.#backend(signal)).delete(key, revision, signal);
  }

  async next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs?: number): Promise<Snapshot> {
    return await (await this.#backend(signal)).next(target, signal, since, waitMs);
  }

  async tryLock(
    key: string,
    value: string,
    ttlMs: number,
    signal: AbortSignal,
  ): Promise<Holding | undefined> {
    return await (await this.#backend(signal)).tryLock(key, value, ttlMs, signal);
  }

  async close(): Promise<void> {
    await (await this.#chosen?.catch(() => undefined))?.close();
  }

  /** A question that was not answered is asked anew by the next call. */
  async #backend(signal: AbortSignal): Promise<Backend> {
    this.#chosen ??= (async () =>
      (await speaksVersion2(this.#connection, signal))
        ? new Etcd2Backend(this.#connection)
        : new Etcd3Backend(this.#connection))();
    const chosen = this.#chosen;
    try {
      return await chosen;
    } catch (error) {
      if (this.#chosen === chosen) this.#chosen = undefined;
      throw error;
    }
  }
}

/**
 * Whether the servers answer etcd's version 2. All are asked at once, and the first answer counts: one that stands still
 * would use up the caller's time.
 * @throws {StoreError} when none answers.
 */
export async function speaksVersion2(connection: Connection, signal: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  try {
    return await Promise.any(
      connection.endpoints.map(async (endpoint) => {
        const status = await statusOf(endpoint, connection, AbortSignal.any([signal, enough.signal]));
        if (status === 200 || status === 401) return true; // 401: it has users, and would like to know ours
        if (status === 404) return false;
        throw new StoreError("unreachable", `${connection.name}: status ${status} for /v2/keys`);
      }),
    );
  } catch (error) {
    const all = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    throw all.find((each) => each instanceof StoreError) ?? connectionError(connection.name, all.at(-1));
  } finally {
    enough.abort();
  }
}

async function statusOf(endpoint: string, { tls, login }: Connection, signal: AbortSignal): Promise<number> {
  const where = { ...splitEndpoint(endpoint), path: "/v2/keys", agent: false as const, timeout: 3000 };
  const auth = login && { auth: `${login.user}:${login.password}` };
  return await new Promise((resolve, reject) => {
    const request = tls
      ? https.request({ ...where, ...auth, ...tls, ca: [...rootCertificates, tls.ca], signal })
      : http.request({ ...where, ...auth, signal });
    request.on("timeout", () => request.destroy(new StoreError("unreachable", `${endpoint} did not answer`)));
    request.on("error", reject);
    request.on("response", (response) => {
      response.destroy(); // the status says enough
      resolve(response.statusCode ?? 0);
    });
    request.end();
  });
}
