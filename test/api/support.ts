import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { pino, type Logger } from "pino";
import { startSimulatedEngine, type EngineOptions, type SimulatedEngine } from "../../bench/fleet/index.ts";
import type { Discovery, EngineAddress } from "../../discovery/types.ts";
import { FILTER_NAMES } from "../../filters/index.ts";
import { createApp, type World } from "../../src/app.ts";
import { defaultClusterOptions } from "../../src/cli/cluster-options.ts";
import type { ClusterOptions, ListenAddress, ManageConfig } from "../../src/config.ts";
import type { TlsSettings } from "../../src/tls/identity.ts";
import { tlsFront, type TlsFront } from "../support/tls-front.ts";

/** An answer of the manager. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As received: repeats are visible. */
  readonly rawHeaders: readonly string[];
  readonly text: string;
  /** @throws SyntaxError when the body is not JSON */
  json(): unknown;
  /** A body that is an object. @throws SyntaxError when it is not JSON */
  fields(): Record<string, unknown>;
  /** The `message` of a Docker error. */
  readonly message: string;
}

export interface Ask {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A manager in this process, over simulated engines of its own. */
export interface TestManager extends AsyncDisposable {
  readonly port: number;
  readonly engines: readonly SimulatedEngine[];
  /** Everything it logged, JSON lines. */
  readonly log: readonly string[];
  /** Clients connected to the manager right now. */
  readonly connections: () => number;
  /** One request on a connection of its own. A `body` that is no text or Buffer is sent as JSON. */
  readonly ask: (method: string, path: string, ask?: Ask) => Promise<Answer>;
  /** Creates a container and returns its ID; fails on anything but 201. */
  readonly create: (body?: Readonly<Record<string, unknown>>, name?: string) => Promise<string>;
  /** As `create`, and starts it. */
  readonly run: (body?: Readonly<Record<string, unknown>>, name?: string) => Promise<string>;
  /** The engine that holds a container. */
  readonly engineOf: (id: string) => SimulatedEngine;
  /** Makes discovery name these engines from now on. */
  readonly setEngines: (engines: readonly SimulatedEngine[]) => void;
}

export interface ManagerOptions {
  /** Default: node-1, node-2, node-3. */
  readonly engines?: readonly EngineOptions[];
  readonly cluster?: Partial<ClusterOptions>;
  readonly config?: Partial<Omit<ManageConfig, "cluster" | "hosts">>;
  /** Besides the TCP one. */
  readonly hosts?: readonly ListenAddress[];
  /** Where it keeps what must outlive it. Default: in memory of its own. */
  readonly state?: NonNullable<World["state"]>;
  /** The manager speaks TLS on all channels; its engines show its own certificate, which must be for 127.0.0.1. */
  readonly tls?: ManagerTls;
}

export interface ManagerTls {
  readonly settings: TlsSettings;
  /** Whom `ask` and its kin come as. */
  readonly client: ClientTls;
}

/** What a client trusts, and shows, PEM. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Starts engines and a manager over them, and waits until all are healthy. */
export async function startManager(options: ManagerOptions = {}): Promise<TestManager> {
  const { engines: wanted = [{ name: "node-1" }, { name: "node-2" }, { name: "node-3" }] } = options;
  const { tls } = options;
  const engines = await Promise.all(wanted.map((each) => startSimulatedEngine(each)));
  const fronts = tls === undefined ? [] : await Promise.all(engines.map((engine) => frontOf(engine, tls)));
  const port = await freePort();
  const discovery = new TestDiscovery(fronts.length > 0 ? fronts : engines);
  const log: string[] = [];
  const app = await createApp(configFor(port, options), {
    log: collector(log),
    discovery,
    random: () => 0.5,
    version: "0.0.0-test",
    ...(options.state && { state: options.state }),
    stderr: () => undefined,
  });
  app.failed.catch(() => undefined);
  const ask: TestManager["ask"] = (method, path, given) => request(port, method, path, given, tls?.client);
  const create: TestManager["create"] = async (body = {}, name = "") => {
    const answer = await ask("POST", `/containers/create?name=${encodeURIComponent(name)}`, {
      body: { Image: "busybox", Cmd: ["sleep", "infinity"], ...body },
    });
    if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
    return (answer.json() as { Id: string }).Id;
  };
  const manager: TestManager = {
    port,
    engines,
    log,
    connections: () => openServerSockets(port),
    ask,
    create,
    run: async (body, name) => {
      const id = await create(body, name);
      const answer = await ask("POST", `/containers/${id}/start`);
      if (answer.status !== 204) throw new Error(`start answered ${answer.status}: ${answer.text}`);
      return id;
    },
    engineOf: (id) => {
      const engine = engines.find(({ containers }) => containers.has(id));
      if (engine === undefined) throw new Error(`no engine has ${id}`);
      return engine;
    },
    setEngines: (now) => discovery.set(now),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await Promise.all(fronts.map((front) => front[Symbol.asyncDispose]()));
      await Promise.all(engines.map((engine) => engine.dispose()));
    },
  };
  await until(async () => {
    const { SystemStatus } = (await ask("GET", "/info")).json() as { SystemStatus: [string, string][] };
    return SystemStatus.filter((row) => row[1] === "Healthy").length === engines.length;
  });
  return manager;
}

/** From now on nobody hears this engine's events: what the manager knows then, it has looked up. */
export function silence(engine: SimulatedEngine): void {
  Object.assign(engine.state.events, { record: () => undefined });
}

/** Polls until the condition holds; fails after ten seconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = "the condition",
): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function frontOf({ addr }: SimulatedEngine, { settings }: ManagerTls): Promise<TlsFront> {
  const { ca, cert, key, verify } = settings;
  return tlsFront(addr, {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(verify && ca !== undefined && { ca: readFileSync(ca), requestCert: true }),
  });
}

/** One request on a connection of its own. @param client the manager speaks TLS */
export function request(
  port: number,
  method: string,
  path: string,
  { body, headers }: Ask = {},
  client?: ClientTls,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const plain = body === undefined || typeof body === "string" || Buffer.isBuffer(body);
    const bytes = plain ? body : JSON.stringify(body);
    const options = {
      host: "127.0.0.1",
      port,
      path,
      method,
      agent: false,
      headers: { ...(plain ? {} : { "Content-Type": "application/json" }), ...headers },
      ...client,
    };
    let answered = false;
    const send = client === undefined ? httpRequest : httpsRequest;
    const req = send(options, (res) => {
      answered = true;
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () =>
        resolve(answerOf(res.statusCode ?? 0, res.headers, res.rawHeaders, Buffer.concat(chunks).toString())),
      );
    });
    // A request that was answered before its body was sent may well lose its connection then.
    req.on("error", (error) => {
      if (!answered) reject(error);
    });
    req.end(bytes);
  });
}

function answerOf(status: number, headers: Answer["headers"], rawHeaders: string[], text: string): Answer {
  return {
    status,
    headers,
    rawHeaders,
    text,
    json: () => JSON.parse(text) as unknown,
    fields: () => JSON.parse(text) as Record<string, unknown>,
    get message() {
      return (JSON.parse(text) as { message: string }).message;
    },
  };
}

/** A connection the test speaks HTTP on by hand. */
export interface RawConnection {
  readonly socket: Socket;
  /** All bytes so far. */
  text(): string;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
  /** Resolves when the text has come. */
  sees(part: string): Promise<void>;
}

export async function rawConnection(port: number): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return {
    socket,
    text: () => text,
    closed,
    sees: (part) => until(() => text.includes(part), JSON.stringify(part)),
  };
}

/** The server side of this process's connections to a port. */
function openServerSockets(port: number): number {
  // Not documented, and only read here: every open handle of this process.
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  return handles.filter((handle) => {
    const { localPort, remotePort } = handle as Partial<Socket>;
    return localPort === port && remotePort !== undefined;
  }).length;
}

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** What a manager on a port of the loopback interface is told. */
export function configFor(
  port: number,
  { cluster, config, hosts = [], tls }: ManagerOptions = {},
): ManageConfig {
  return {
    discovery: "test://",
    discoveryOptions: {},
    hosts: [{ proto: "tcp", host: "127.0.0.1", port, addr: `127.0.0.1:${port}` }, ...hosts],
    tls: tls?.settings,
    authzPolicy: "",
    replication: undefined,
    strategy: "spread",
    filters: FILTER_NAMES,
    heartbeatMs: 60_000,
    engine: { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 3 },
    cors: false,
    refreshOnNodeFilter: false,
    containerNameRefreshFilter: "",
    debug: false,
    experimental: false,
    logLevel: "debug",
    ...config,
    cluster: { ...defaultClusterOptions, ...cluster },
  };
}

function collector(lines: string[]): Logger {
  return pino({ level: "info", base: null }, { write: (line: string) => void lines.push(line) });
}

/** Names whatever engines the test wants. */
class TestDiscovery implements Discovery {
  readonly description = "test";
  readonly notices = [];
  readonly isKeptAlive = false;
  readonly registrar = undefined;
  #addresses: readonly EngineAddress[];
  #changed = (): void => undefined;

  constructor(engines: readonly { readonly addr: string }[]) {
    this.#addresses = engines.map(addressOf);
  }

  set(engines: readonly SimulatedEngine[]): void {
    this.#addresses = engines.map(addressOf);
    this.#changed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async *watch(signal: AbortSignal) {
    while (!signal.aborted) {
      yield { kind: "entries", addresses: this.#addresses, warnings: [] } as const;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}

function addressOf({ addr }: { readonly addr: string }): EngineAddress {
  const [host = "", port = ""] = addr.split(":");
  return { host, port: Number(port), address: addr };
}
