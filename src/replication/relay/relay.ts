import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { forward } from "../../proxy/forward.ts";
import { announcesBody, type HeaderChanges } from "../../proxy/headers.ts";
import { hijack } from "../../proxy/hijack.ts";
import {
  CLIENT_HEADER,
  MAX_VIA,
  RELAY_HEADERS,
  VIA_HEADER,
  viaEntry,
  viaOf,
} from "../../proxy/relay-headers.ts";
import type { TlsIdentity } from "../../tls/identity.ts";
import type { Replication } from "../replication.ts";
import { isAnsweredHere, originForm } from "./answered-here.ts";
import { circle, lostPrimary, nothingWasSent, unreachable } from "./faults.ts";
import { Primaries } from "./primaries.ts";
import { PrimarySearch, type Found } from "./primary-search.ts";
import { plainVisitor, rawVisitor, type RawVisitor } from "./visitor.ts";

/** Whatever answers requests: the API, or the API behind a relay. */
export interface RequestHandler {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** Does this request take over its connection? Asked before its body is read. */
  readonly wantsConnection: (method: string, url: string, headers: IncomingHttpHeaders) => boolean;
}

/** What is behind the relay. */
export interface LocalApi extends RequestHandler {
  /** Answers an error as the API does. */
  readonly refuse: (error: unknown, req: IncomingMessage, res: ServerResponse) => void;
  /** What the primary is told of a request's client (`X-Swarm-Client`). @throws what `refuse` answers */
  readonly describe: (req: IncomingMessage) => string;
}

export interface RelayOptions {
  readonly replication: Pick<Replication, "leadership" | "primary" | "self" | "onPrimary">;
  readonly tls: TlsIdentity | undefined;
  /** How long a request may wait for a primary, milliseconds. */
  readonly waitMs: number;
  readonly log: Logger;
  /** How many requests may wait. */
  readonly maxWaiting?: number;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Of former primaries; see `Primaries`. Milliseconds. */
  readonly pingMs?: number;
  readonly watchMs?: number;
}

/** One request on its way. */
interface Journey {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Managers it has been through, ourselves included. */
  readonly via: ReadonlySet<string>;
  readonly path: string;
  readonly headers: HeaderChanges;
}

/**
 * What a manager does with each request (spec: ha.md §3): the primary answers it, a replica passes it to the primary, whoever that is at this moment,
 * and waits a bounded time while there is none. Decided anew for every request of a connection.
 */
export class Relay implements RequestHandler, AsyncDisposable {
  readonly handle: RequestHandler["handle"];
  readonly wantsConnection: RequestHandler["wantsConnection"];
  readonly #local: LocalApi;
  readonly #options: RelayOptions;
  readonly #primaries: Primaries;
  readonly #search: PrimarySearch;

  constructor(local: LocalApi, options: RelayOptions) {
    const { tls, random, pingMs, watchMs } = options;
    this.#local = local;
    this.#options = options;
    this.#primaries = new Primaries({
      tls,
      ...(random && { random }),
      ...(pingMs !== undefined && { pingMs }),
      ...(watchMs !== undefined && { watchMs }),
    });
    this.#search = new PrimarySearch(this.#primaries, options);
    this.wantsConnection = local.wantsConnection;
    this.handle = (req, res) => {
      const { method = "", url = "" } = req;
      if (this.#search.leads() || isAnsweredHere(method, originForm(url))) local.handle(req, res);
      else void this.#relay(req, res);
    };
  }

  /** Requests that wait for a primary, and exchanges with former ones; for tests. */
  get load(): { readonly waiting: number; readonly former: number } {
    return { waiting: this.#search.waiting, former: this.#primaries.formerExchanges };
  }

  /** Cuts what is under way. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#search.dispose();
    this.#primaries.dispose();
    return Promise.resolve();
  }

  async #relay(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const { method = "", url = "" } = req;
      const visited = viaOf(req.headers) ?? [];
      const self = viaEntry(this.#options.replication.self);
      const via = [...visited, self];
      if (visited.includes(self) || visited.length > MAX_VIA) throw circle(via);
      const add = { [VIA_HEADER]: via.join(","), [CLIENT_HEADER]: this.#local.describe(req) };
      const journey = {
        ...{ req, res, via: new Set(via), path: originForm(url) },
        headers: { drop: RELAY_HEADERS, add },
      };
      const raw = this.#local.wantsConnection(method, url, req.headers) ? rawVisitor(req, res) : undefined;
      if (raw === undefined) await this.#forward(journey);
      else await this.#splice(journey, raw);
    } catch (error) {
      this.#local.refuse(error, req, res);
    }
  }

  /** A plain request. What only reads is asked again, once, if the primary went before it answered. */
  async #forward(journey: Journey): Promise<void> {
    const { req, res, via, path, headers } = journey;
    const isRepeatable = (req.method === "GET" || req.method === "HEAD") && !announcesBody(req);
    for (let again = isRepeatable; ; again = false) {
      const client = plainVisitor(req, res);
      const found = await this.#search
        .find(client.left, via, (target, signal) => target.warm(signal))
        .finally(client.release);
      if (found.kind === "left") return;
      if (found.kind === "here") {
        this.#local.handle(req, res);
        return;
      }
      const { target } = found;
      const end = target.begin();
      const outcome = await forward(req, res, target, { path, apiVersion: undefined, headers }).finally(end);
      if (outcome.kind !== "engine-failed" || outcome.headersSent) return;
      const { error } = outcome;
      if (!again)
        throw nothingWasSent(error) ? unreachable(target.addr, error) : lostPrimary(target.addr, error);
    }
  }

  /** A request that takes its connection. It is sent once. */
  async #splice({ req, res, via, path, headers }: Journey, client: RawVisitor): Promise<void> {
    let found: Found<Socket>;
    try {
      found = await this.#search.find(client.left, via, (target, signal) => target.dial(signal));
    } catch (error) {
      client.release();
      throw error;
    }
    if (found.kind === "left") {
      client.take().socket.destroy();
      return;
    }
    if (found.kind === "here") {
      client.release();
      this.#local.handle(req, res);
      return;
    }
    const { target, reached } = found;
    const end = target.begin();
    const legacy = req.headers.upgrade === undefined;
    const outcome = await hijack({
      ...{ req, path, headers, legacy, ...client.take() },
      target: target.through(reached),
    }).finally(() => {
      end();
      reached.destroy(); // a client that left at once has not used it
    });
    if (outcome.kind !== "engine-failed" || outcome.headersSent) return;
    client.giveBack();
    throw lostPrimary(target.addr, outcome.error);
  }
}
