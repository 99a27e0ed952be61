import { EventEmitter } from "node:events";
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import Consul from "consul";
import { splitEndpoint } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { serversFor } from "./servers.ts";
import type { Servers } from "./servers.ts";
import { connectionError, StoreError, wasNeverSent } from "./store-error.ts";
import type { StoreErrorKind } from "./store-error.ts";

/**
 * Marks a key as one that locks may use; the lock code of the original's library refuses keys with other flags
 * (spec: discovery.md §11). Too large for a JavaScript number.
 */
export const lockFlags = "3304740253564472344";

/** A key as Consul tells it. */
export interface ConsulPair {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
  /** Who holds it. */
  readonly Session?: string;
}

/** One step of a transaction; values are base64. */
export interface ConsulOperation {
  readonly Verb:
    | "set"
    | "lock"
    | "unlock"
    | "delete"
    | "delete-cas"
    | "check-index"
    | "check-not-exists"
    | "check-session";
  readonly Key: string;
  readonly Value?: string;
  readonly Flags?: typeof lockFlags;
  readonly Index?: number;
  readonly Session?: string;
}

interface Response {
  readonly statusCode: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body?: unknown;
}

/** What one call says of itself to the library: how to end it, and that headers are wanted. */
type Context = EventEmitter & { readonly includeResponse: true };

/** The few calls we make to Consul, to whichever of its servers answers. */
export class ConsulApi {
  readonly #name: string;
  readonly #servers: Servers<Consul>;

  constructor({ endpoints, tls, token, login, name }: Connection) {
    this.#name = name;
    this.#servers = serversFor(endpoints, (endpoint) => {
      const { host, port } = splitEndpoint(endpoint);
      const trust = tls && { ...tls, ca: [...rootCertificates, tls.ca], minVersion: "TLSv1.2" as const };
      const agent = trust
        ? new https.Agent({ keepAlive: true, ...trust })
        : new http.Agent({ keepAlive: true });
      const auth = login && `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
      const options = {
        baseUrl: `${tls ? "https" : "http"}://${auth ?? ""}${host.includes(":") ? `[${host}]` : host}:${port}/v1`,
        agent,
        ...(token === undefined ? {} : { defaults: { token } }),
        encoders: { "application/json": encodeJson },
      };
      return new Consul(options);
    });
  }

  /** The key, as a majority of the servers sees it. */
  async get(key: string, signal: AbortSignal): Promise<ConsulPair | undefined> {
    const { data } = await this.#call(signal, (consul, ctx) =>
      consul.kv.get({ ...ctx, key, consistent: true } as never),
    );
    return data as ConsulPair | undefined;
  }

  /**
   * The key, or all keys that begin so, and the index to go on from. With `index` it answers when that is no longer the
   * latest one, or after `waitMs` (and up to a sixteenth more). Asks for consistency, as {@link get} does: a server that has just been elected
   * may not have read its own log yet, and would answer with less than there is.
   */
  async read(
    what: { readonly key: string; readonly recurse: boolean },
    signal: AbortSignal,
    wait?: { readonly index: string; readonly waitMs: number },
  ): Promise<{ readonly pairs: readonly ConsulPair[]; readonly index: string }> {
    const blocking = wait && { index: wait.index, wait: `${Math.max(1, Math.round(wait.waitMs))}ms` };
    const { data, response } = await this.#call(signal, (consul, ctx) =>
      consul.kv.get({ ...ctx, ...what, ...blocking, consistent: true } as never),
    );
    const pairs =
      data === undefined ? [] : Array.isArray(data) ? (data as ConsulPair[]) : [data as ConsulPair];
    const index = response.headers["x-consul-index"];
    return { pairs, index: typeof index === "string" ? index : "0" };
  }

  /** All of it or nothing: `undefined` when a condition did not hold, else the new index of the last written key. */
  async transaction(
    operations: readonly ConsulOperation[],
    signal: AbortSignal,
  ): Promise<{ readonly index: string } | undefined> {
    try {
      const { data } = await this.#call(signal, (consul, ctx) =>
        consul.transaction.create(operations.map((KV) => ({ KV })) as never, ctx as never),
      );
      const results = (data as { Results?: readonly { KV?: { ModifyIndex: number } }[] }).Results ?? [];
      return { index: String(results.at(-1)?.KV?.ModifyIndex ?? 0) };
    } catch (error) {
      if (error instanceof ConsulRefusal && error.status === 409) return undefined;
      throw error;
    }
  }

  /**
   * A session that deletes its keys when it ends; its time is raised to the shortest one the servers allow. By default it ends, too, as
   * soon as the server it was made at seems to have failed, with all entries and locks that were made there; without checks, only when Consul takes that for gone.
   */
  async createSession(
    ttlMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly ttlMs: number }> {
    const create = async (seconds: number) => {
      const ttl = `${Math.round(seconds * 1000)}ms`;
      const { data } = await this.#call(signal, (consul, ctx) =>
        consul.session.create({ ...ctx, behavior: "delete", lockdelay: "1ms", ttl, checks: [] } as never),
      );
      return { id: (data as { ID: string }).ID, ttlMs: seconds * 1000 };
    };
    try {
      return await create(Math.min(ttlMs / 1000, 86_400));
    } catch (error) {
      const least = /between \[?([\d.]+)s/.exec(error instanceof Error ? error.message : "")?.[1];
      if (least === undefined || Number(least) * 1000 <= ttlMs) {
        // Older servers say only that it is invalid; ten seconds is the least that all of them take.
        if (!(error instanceof ConsulRefusal) || error.status < 400 || ttlMs >= 10_000) throw error;
        return await create(10);
      }
      return await create(Number(least));
    }
  }

  /** `false`: there is no such session any more. */
  async renewSession(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#call(signal, (consul, ctx) => consul.session.renew({ ...ctx, id } as never));
      return true;
    } catch (error) {
      if (error instanceof ConsulRefusal && error.status === 404) return false;
      throw error;
    }
  }

  /** Does what it can: a session that stays ends by itself. */
  async destroySession(id: string, signal: AbortSignal): Promise<void> {
    await this.#call(signal, (consul, ctx) => consul.session.destroy({ ...ctx, id } as never)).catch(
      () => undefined,
    );
  }

  close(): void {
    for (const client of this.#servers.all) client.destroy();
  }

  /** Asks the server that answered last, and the others if the request cannot have reached it. */
  async #call(
    signal: AbortSignal,
    send: (consul: Consul, context: { readonly ctx: Context }) => Promise<unknown>,
  ): Promise<{ readonly data: unknown; readonly response: Response }> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const client = this.#servers.current;
      const ctx: Context = Object.assign(new EventEmitter(), { includeResponse: true as const });
      const onAbort = () => ctx.emit("cancel");
      signal.addEventListener("abort", onAbort);
      try {
        const [response, data] = (await send(client, { ctx })) as [Response, unknown];
        return { data, response };
      } catch (error) {
        const refusal = this.#understand(error);
        const unreachable = refusal.kind === "unreachable";
        if (unreachable || signal.aborted) this.#servers.failed(client); // another one may know better next time
        if (unreachable && wasNeverSent(error) && attempt < this.#servers.count) continue;
        throw refusal;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    }
  }

  #understand(error: unknown): StoreError {
    const { response } = (error ?? {}) as { readonly response?: Response };
    if (response === undefined) return connectionError(this.#name, error);
    return new ConsulRefusal(this.#name, response, error);
  }
}

/** An answer of Consul that is no success. */
export class ConsulRefusal extends StoreError {
  readonly status: number;

  constructor(name: string, { statusCode, body }: Response, cause: unknown) {
    const said = textOf(body);
    super(kindOf(statusCode, said), `${name}: ${said === "" ? `status ${statusCode}` : said}`, { cause });
    this.status = statusCode;
  }
}

/** A server without a leader, or one that broke, says 500; so does one that dislikes a session. */
function kindOf(status: number, said: string): StoreErrorKind {
  if (status === 401 || status === 403) return "auth";
  if (status === 413) return "too-large";
  return status >= 500 && !/session|invalid/i.test(said) ? "unreachable" : "failed";
}

function textOf(body: unknown): string {
  if (body === undefined || body === null) return "";
  if (typeof body === "string" || Buffer.isBuffer(body)) return body.toString().trim();
  return JSON.stringify(body);
}

/** JSON with the flags as the number they are; base64 values and escaped keys cannot look like this field. */
function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value).replaceAll(`"Flags":"${lockFlags}"`, `"Flags":${lockFlags}`));
}
