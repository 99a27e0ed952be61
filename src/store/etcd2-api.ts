import { rootCertificates } from "node:tls";
import type { Connection } from "./connection.ts";
import { serversFor } from "./servers.ts";
import type { Servers } from "./servers.ts";
import { connectionError, StoreError, wasNeverSent } from "./store-error.ts";

/** A key or a directory as etcd tells it. */
export interface Etcd2Node {
  /** Begins with a slash. */
  readonly key?: string;
  readonly value?: string;
  readonly modifiedIndex?: number;
  readonly dir?: boolean;
  readonly nodes?: readonly Etcd2Node[];
}

/** What etcd answers, and its index at that moment. */
export interface Etcd2Answer {
  readonly node: Etcd2Node;
  readonly index: string;
}

/** Parameters of a request, as etcd names them. */
export type Etcd2Query = Readonly<Record<string, string | number | boolean>>;

/** etcd's own refusals, by its numbers. */
export class Etcd2Refusal extends StoreError {
  readonly code: number;
  /** etcd's index when it refused. */
  readonly index: string | undefined;

  constructor(name: string, code: number, text: string, index: string | undefined, cause: unknown) {
    super(code === 110 ? "auth" : code >= 300 && code < 400 ? "unreachable" : "failed", `${name}: ${text}`, {
      cause,
    });
    this.code = code;
    this.index = index;
  }
}

/** The part of `node-etcd` that we use; the package has no types. */
interface NodeEtcd {
  get(key: string, options: Etcd2Query, callback: Callback): { abort(): void };
  set(key: string, value: string, options: Etcd2Query, callback: Callback): { abort(): void };
  del(key: string, options: Etcd2Query, callback: Callback): { abort(): void };
}
type Callback = (error: unknown, body: unknown, headers: Readonly<Record<string, unknown>>) => void;
type Start = (client: NodeEtcd, callback: Callback) => { abort(): void };
type NodeEtcdConstructor = new (hosts: readonly string[], options: object) => NodeEtcd;

/** Gives a package by its name, or rejects when it is not installed. */
export type ImportPackage = (name: string) => Promise<unknown>;

/** Requests of etcd's protocol version 2, by `node-etcd`: loaded when first used, for few need it. */
export class Etcd2Api {
  readonly #connection: Connection;
  readonly #importPackage: ImportPackage;
  #servers: Promise<Servers<NodeEtcd>> | undefined;

  constructor(
    connection: Connection,
    importPackage: ImportPackage = async (name) => (await import(name)) as unknown,
  ) {
    this.#connection = connection;
    this.#importPackage = importPackage;
  }

  /** A key, or a directory with all below it; `undefined` when there is none. */
  async get(key: string, options: Etcd2Query, signal: AbortSignal): Promise<Etcd2Answer> {
    return await this.#send(signal, (client, callback) =>
      client.get(encodePath(key), once(options), callback),
    );
  }

  /** Resolves at the first event after an index. Ends by its signal as a rule, which says nothing about the server. */
  async wait(key: string, options: Etcd2Query, signal: AbortSignal): Promise<void> {
    const servers = await this.#load();
    await this.#sendTo(servers.current, signal, (client, callback) =>
      client.get(encodePath(key), { ...once(options), wait: true }, callback),
    );
  }

  async set(key: string, value: string, options: Etcd2Query, signal: AbortSignal): Promise<Etcd2Answer> {
    return await this.#send(signal, (client, callback) =>
      client.set(encodePath(key), value, once(options), callback),
    );
  }

  async delete(key: string, options: Etcd2Query, signal: AbortSignal): Promise<Etcd2Answer> {
    return await this.#send(signal, (client, callback) =>
      client.del(encodePath(key), once(options), callback),
    );
  }

  /** Asks the server that answered last, and the others if the request cannot have reached it. */
  async #send(signal: AbortSignal, start: Start): Promise<Etcd2Answer> {
    const servers = await this.#load();
    for (let attempt = 1; ; attempt++) {
      const server = servers.current;
      try {
        return await this.#sendTo(server, signal, start);
      } catch (error) {
        const unreachable = error instanceof StoreError && error.kind === "unreachable";
        if (unreachable || signal.aborted) servers.failed(server); // another one may know better next time
        if (unreachable && wasNeverSent(error.cause) && attempt < servers.count) continue;
        throw error;
      }
    }
  }

  async #sendTo(client: NodeEtcd, signal: AbortSignal, start: Start): Promise<Etcd2Answer> {
    signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const request = start(client, (error, body, headers) => {
        signal.removeEventListener("abort", onAbort);
        const answer = body as { readonly node?: Etcd2Node; readonly message?: string } | undefined;
        if (error !== null && error !== undefined) reject(this.#understand(error));
        else if (answer?.node === undefined) reject(this.#unexpected(answer));
        else resolve({ node: answer.node, index: indexOf(headers) ?? "0" });
      });
      const onAbort = () => {
        request.abort(); // it will not call back
        reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  async #load(): Promise<Servers<NodeEtcd>> {
    this.#servers ??= load(this.#connection, this.#importPackage);
    return await this.#servers;
  }

  /** An answer without etcd's error code: `{"message": "Insufficient credentials"}`, or another program's. */
  #unexpected(body: { readonly message?: string } | undefined): StoreError {
    const text = typeof body?.message === "string" ? body.message : "this is no answer of etcd's version 2";
    return new StoreError(/credentials/i.test(text) ? "auth" : "failed", `${this.#connection.name}: ${text}`);
  }

  #understand(error: unknown): StoreError {
    const { name } = this.#connection;
    const { errorCode, error: body, errors } = error as Failure;
    if (errorCode !== undefined) {
      const text = [body?.message, body?.cause].filter((part) => part !== undefined).join(": ");
      return new Etcd2Refusal(name, errorCode, text, body?.index?.toString(), error);
    }
    const last = errors?.at(-1);
    const { errorCode: code, message, index } = last?.httpbody ?? {};
    if (code !== undefined) return new Etcd2Refusal(name, code, message ?? "", index?.toString(), error);
    if (last?.httpstatus !== undefined) {
      return new StoreError("unreachable", `${name}: status ${last.httpstatus}`, { cause: error });
    }
    return connectionError(name, last?.httperror ?? error);
  }
}

/** What `node-etcd` calls back with: etcd's refusal, or the failures of all servers. */
interface Failure {
  readonly errorCode?: number;
  readonly error?: { readonly message?: string; readonly cause?: string; readonly index?: number };
  readonly errors?: readonly {
    readonly httperror?: unknown;
    readonly httpstatus?: number;
    readonly httpbody?: { readonly errorCode?: number; readonly message?: string; readonly index?: number };
  }[];
}

/**
 * One client for each server: given all of them the library asks them in a random order each time, so also one that
 * stands still, and sends a write that was not answered to the next.
 */
async function load(
  { endpoints, tls, login, name }: Connection,
  importPackage: ImportPackage,
): Promise<Servers<NodeEtcd>> {
  let NodeEtcd: NodeEtcdConstructor;
  try {
    ({ default: NodeEtcd } = (await importPackage("node-etcd")) as { readonly default: NodeEtcdConstructor });
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    const remedy = `install it (npm install node-etcd), or use version 3 (kv.etcd=v3) everywhere: ${why ?? ""}`;
    throw new StoreError("failed", `${name}: etcd's version 2 needs the package node-etcd: ${remedy}`, {
      cause: error,
    });
  }
  const options = {
    followAllRedirects: false,
    followRedirect: false,
    proxy: null,
    ...(tls && { ca: [...rootCertificates, tls.ca], cert: tls.cert, key: tls.key }),
    ...(login && { auth: { user: login.user, pass: login.password } }),
  };
  return serversFor(endpoints, (endpoint) => {
    return new NodeEtcd([`${tls ? "https" : "http"}://${endpoint}`], options);
  });
}

/** Without the library's own retries: whoever asked decides. This one is not sent. */
function once(query: Etcd2Query): Etcd2Query {
  return { ...query, maxRetries: 0 };
}

/** The library puts keys into its URL as they are. */
function encodePath(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

function indexOf(headers: Readonly<Record<string, unknown>>): string | undefined {
  const index = headers["x-etcd-index"];
  return typeof index === "string" ? index : undefined;
}
