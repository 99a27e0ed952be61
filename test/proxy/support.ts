import { Agent, createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { connect, createServer as createRawServer } from "node:net";
import type { AddressInfo, NetConnectOpts, Server as RawServer, Socket } from "node:net";
import type { Writable } from "node:stream";
import { dispatchUpgrade, takeOver } from "../../src/proxy/dispatch-upgrade.ts";
import { forward } from "../../src/proxy/forward.ts";
import type { ForwardOptions, ForwardOutcome } from "../../src/proxy/forward.ts";
import { hijack } from "../../src/proxy/hijack.ts";
import type { HijackOutcome, HijackRequest } from "../../src/proxy/hijack.ts";
import { lentReads } from "../../src/net/lent-memory.ts";
import { routeConnections } from "../../src/proxy/legacy-hijack.ts";
import type { EngineTarget } from "../../src/docker/engine-target.ts";

/** Everything a test opened; {@link closeAll} ends it and says what had been left open. */
const servers = new Set<Server | RawServer>();
const agents = new Set<Agent>();
const sockets = new Set<Socket>();

export interface TestTarget extends EngineTarget {
  readonly agent: Agent;
  readonly failures: unknown[];
  successes: number;
}

/** An engine that speaks HTTP. */
export async function httpEngine(listener: RequestListener): Promise<{ server: Server; target: TestTarget }> {
  const server = createServer(listener);
  return { server, target: targetAt(await listen(server)) };
}

/** An engine on raw connections. */
export async function rawEngine(
  onConnection: (socket: Socket) => void,
): Promise<{ server: RawServer; target: TestTarget }> {
  const server = createRawServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  return { server, target: targetAt(await listen(server)) };
}

/** Reads as the manager's own pools do. */
class LendingAgent extends Agent {
  override createConnection(options: object): Socket {
    return connect({ ...(options as NetConnectOpts), onread: lentReads() });
  }
}

export function targetAt(port: number): TestTarget {
  const agent = new LendingAgent({ keepAlive: true });
  agents.add(agent);
  return {
    name: `node-${port}`,
    addr: `127.0.0.1:${port}`,
    host: "127.0.0.1",
    port,
    agent,
    failures: [],
    successes: 0,
    cuts: 0,
    versionedPath: (_version, path) => path,
    adopt: (socket) => void sockets.add(socket),
    dial: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, onread: lentReads() });
        socket.once("error", reject).once("connect", () => resolve(socket));
      }),
    noteSuccess() {
      this.successes += 1;
    },
    noteFailure(error) {
      this.failures.push(error);
    },
  };
}

export interface Manager {
  readonly port: number;
  readonly server: Server;
  /** Resolves with the outcome of the next plain exchange. */
  nextForward(): Promise<ForwardOutcome>;
  nextHijack(): Promise<HijackOutcome>;
}

interface ManagerOptions {
  readonly forward?: Partial<ForwardOptions> | ((req: IncomingMessage) => Partial<ForwardOptions>);
  readonly hijack?: Partial<HijackRequest>;
}

/** A front door to one engine: paths under `/attach` and `/exec` are hijacked, all others forwarded. */
export async function managerFor(target: EngineTarget, options: ManagerOptions = {}): Promise<Manager> {
  const forwards = new Mailbox<ForwardOutcome>();
  const hijacks = new Mailbox<HijackOutcome>();
  const wants = (url: string): boolean => /^\/(attach|exec)/.test(url);
  const serve: RequestListener = (req, res) => {
    const path = req.url ?? "/";
    const taken = wants(path) ? takeOver(res) : undefined;
    if (taken) {
      const { socket, head } = taken;
      const legacy = req.headers.upgrade === undefined;
      void hijack({ req, socket, head, target, path, legacy, ...options.hijack }).then((outcome) => {
        hijacks.put(outcome);
        if (outcome.kind !== "engine-failed" || outcome.headersSent) return;
        taken.giveBack();
        res.writeHead(500).end("engine failed");
      });
      return;
    }
    const own = typeof options.forward === "function" ? options.forward(req) : options.forward;
    void forward(req, res, target, { path, apiVersion: "1.41", ...own }).then((outcome) => {
      forwards.put(outcome);
      if (outcome.kind === "engine-failed" && !outcome.headersSent) res.writeHead(500).end("engine failed");
    });
  };
  const server = createServer({ requestTimeout: 0 }, serve);
  server.on("upgrade", (req, _socket, head) => dispatchUpgrade(req, head, serve, wants(req.url ?? "")));
  if (!(await routeConnections(server, (_method, url) => wants(url)))) throw new Error("no parser hook");
  const port = await listen(server);
  return { port, server, nextForward: () => forwards.take(), nextHijack: () => hijacks.take() };
}

/** A raw client connection that collects what it receives. */
export class RawClient {
  readonly socket: Socket;
  readonly #seen: Buffer[] = [];
  #waiting: (() => void)[] = [];
  ended = false;
  closed = false;
  /** The first error on the connection: a reset shows here. */
  error: Error | undefined;

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    sockets.add(this.socket);
    this.socket.on("data", (chunk) => this.#note(() => this.#seen.push(chunk)));
    this.socket.once("end", () => this.#note(() => (this.ended = true)));
    this.socket.once("close", () => this.#note(() => (this.closed = true)));
    this.socket.on("error", (error) => (this.error ??= error));
  }

  get text(): string {
    return Buffer.concat(this.#seen).toString("latin1");
  }

  send(...lines: string[]): void {
    this.socket.write(lines.join("\r\n"), "latin1");
  }

  /** Resolves when what was received matches; rejects when the connection ends without. */
  async receives(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      if (this.ended || this.closed) throw new Error(`ended after ${JSON.stringify(this.text)}`);
      await this.#change();
    }
    return this.text;
  }

  /** Resolves when the manager has ended or cut the connection. */
  async isEnded(): Promise<string> {
    while (!this.ended && !this.closed) await this.#change();
    return this.text;
  }

  async isClosed(): Promise<void> {
    while (!this.closed) await this.#change();
  }

  #note(change: () => unknown): void {
    change();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A queue of results, whoever comes first. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  put(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  take(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(item);
  }
}

/** Resolves with the first arguments of an event. */
export function happens(emitter: NodeJS.EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => emitter.once(event, () => resolve()));
}

export function openConnections(server: Server | RawServer): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

/** Turns the event loop until the server has no connection left; mocha's timeout is the limit. */
export async function isDeserted(server: Server | RawServer): Promise<void> {
  while ((await openConnections(server)) > 0) await new Promise((resolve) => setImmediate(resolve));
}

export async function closeAll(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  for (const agent of agents) agent.destroy();
  for (const server of servers) {
    server.close();
    await isDeserted(server);
  }
  for (const opened of [sockets, agents, servers]) opened.clear();
}

export async function listen(server: Server | RawServer): Promise<number> {
  servers.add(server);
  server.on("connection", (socket: Socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/**
 * Writes 1 MiB pieces until nothing moves any more in this process: idle turns of the loop follow one another.
 * Resolves with the number of pieces the writer took, `limit` when it never stalled.
 */
export function fillUntilStalled(writer: Writable, limit: number): Promise<number> {
  const piece = Buffer.alloc(1024 * 1024);
  let taken = 0;
  const more = (): void => {
    while (taken < limit) {
      taken += 1;
      if (!writer.write(piece)) return void writer.once("drain", more);
    }
  };
  more();
  return new Promise((resolve) => {
    let idleTurns = 0;
    let last = -1;
    const watch = (): void => {
      idleTurns = taken === last ? idleTurns + 1 : 0;
      last = taken;
      if (idleTurns > 2000 || taken >= limit) resolve(taken);
      else setImmediate(watch);
    };
    watch();
  });
}
