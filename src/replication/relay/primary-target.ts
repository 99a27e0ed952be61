import type { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { EngineTarget } from "../../docker/engine-target.ts";
import { explained } from "../../docker/tls-engine-agent.ts";
import { readResponseHead } from "../../proxy/raw-response.ts";
import type { TlsIdentity } from "../../tls/identity.ts";
import { PeerAgent, TlsPeerAgent } from "./peer-agents.ts";
import type { PrimaryAddress } from "./primary-address.ts";

/** How long a connection may take to open, its TLS handshake included, milliseconds. */
const DIAL_MS = 5_000;
/** A peer that vanished is noticed by the kernel after this much silence, milliseconds. */
const KEEP_ALIVE_MS = 15_000;
/** Idle connections kept to one manager. */
const IDLE_SOCKETS = 32;

/** Another manager: how requests and streams reach it. All connections to it are counted here and end here. */
export class PrimaryTarget implements EngineTarget {
  readonly name = "primary cluster manager";
  /** As the leader key has it. */
  readonly addr: string;
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
  readonly #tls: TlsPeerAgent | undefined;
  readonly #raw = new Set<Socket>();
  /** Open, and not yet with a request. */
  readonly #ready: Socket[] = [];
  #exchanges = 0;
  #cuts = 0;
  #onIdle = (): void => undefined;

  constructor(addr: string, { host, port }: PrimaryAddress, identity: TlsIdentity | undefined) {
    this.addr = addr;
    this.host = host;
    this.port = port;
    const pool = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      maxFreeSockets: IDLE_SOCKETS,
      scheduling: "lifo",
    } as const;
    if (identity === undefined) {
      this.agent = new PeerAgent({ take: () => this.#takeReady(), open: () => this.#openLate() }, pool);
    } else {
      const take = (): TLSSocket | undefined => {
        const socket = this.#takeReady();
        return socket instanceof TLSSocket ? socket : undefined;
      };
      this.agent = this.#tls = new TlsPeerAgent({ host, port, addr, identity }, { take }, pool);
    }
  }

  /** Exchanges and streams under way. */
  get exchanges(): number {
    return this.#exchanges;
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** An exchange has begun; the answer ends it, once. */
  begin(): () => void {
    this.#exchanges++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#exchanges === 0) this.#onIdle();
    };
  }

  /** Calls back whenever no exchange is under way any more, at once when there is none now; the listener before is forgotten. */
  whenIdle(listener: () => void): void {
    this.#onIdle = listener;
    if (this.#exchanges === 0) listener();
  }

  /**
   * Sees to it that the next plain request, if it is made in the same turn, has a connection: nothing of a request is lost on a manager
   * that cannot be reached.
   * @throws Error why it cannot be reached, in words for people
   */
  async warm(signal: AbortSignal): Promise<void> {
    if (this.#hasSpare()) return;
    const socket = await this.#connect(false, signal);
    this.#ready.push(socket);
    socket.once("close", () => this.#forgetReady(socket));
  }

  /** A raw connection, half-open so that each side may finish first. @throws as {@link warm} */
  dial(signal: AbortSignal = NEVER): Promise<Socket> {
    return this.#connect(true, signal);
  }

  /** The same manager, reached by a connection that is open already. */
  through(socket: Socket): EngineTarget {
    const { name, addr, host, port, agent, cuts } = this;
    return {
      ...{ name, addr, host, port, agent, cuts },
      versionedPath: (_clientVersion, path) => path,
      noteSuccess: () => undefined,
      noteFailure: () => undefined,
      dial: () => Promise.resolve(socket),
    };
  }

  /** Does it answer anything, within so many milliseconds? */
  async answers(ms: number): Promise<boolean> {
    const signal = AbortSignal.timeout(ms);
    let socket: Socket | undefined;
    try {
      socket = await this.#connect(true, signal);
      socket.write(`GET /_ping HTTP/1.1\r\nHost: ${this.addr}\r\nConnection: close\r\n\r\n`);
      return (await readResponseHead(socket, signal, () => undefined)).status === 200;
    } catch {
      return false;
    } finally {
      socket?.destroy();
    }
  }

  /** Whether connections are kept when their request is over. */
  keepIdle(isKept: boolean): void {
    this.agent.maxFreeSockets = isKept ? IDLE_SOCKETS : 0;
    if (!isKept) this.dropIdle();
  }

  /** Ends what no request uses. */
  dropIdle(): void {
    for (const socket of this.#ready.splice(0)) socket.destroy();
    for (const sockets of Object.values(this.agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /** Ends every connection, also those in use: clients hear of it. */
  cut(): void {
    this.#cuts++;
    this.dropIdle();
    this.agent.destroy();
    for (const socket of this.#raw) socket.destroy();
  }

  versionedPath(_clientVersion: string | undefined, path: string): string {
    return path;
  }
  noteSuccess(): void {
    // Whether it is well, the store tells.
  }
  noteFailure(): void {
    // Whoever asked is told.
  }

  #hasSpare(): boolean {
    return (
      this.#ready.length > 0 || Object.values(this.agent.freeSockets).some((free = []) => free.length > 0)
    );
  }

  #takeReady(): Socket | undefined {
    return this.#ready.pop();
  }

  #forgetReady(socket: Socket): void {
    const at = this.#ready.indexOf(socket);
    if (at >= 0) this.#ready.splice(at, 1);
  }

  /** For a request that found no spare connection after all: two of them began at once. */
  #openLate(): Socket {
    const { socket } = this.#open(false);
    const timer = setTimeout(() => socket.destroy(timedOut()), DIAL_MS);
    const done = (): void => clearTimeout(timer);
    socket.once("connect", done).once("close", done);
    return socket;
  }

  #open(allowHalfOpen: boolean): { readonly socket: Socket; readonly opened: "connect" | "secureConnect" } {
    if (this.#tls !== undefined)
      return { socket: this.#tls.open({ allowHalfOpen }), opened: "secureConnect" };
    const { host, port } = this;
    return { socket: connect({ host, port, allowHalfOpen, noDelay: true }), opened: "connect" };
  }

  #connect(allowHalfOpen: boolean, signal: AbortSignal): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const { socket, opened } = this.#open(allowHalfOpen);
      this.#raw.add(socket);
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        socket.off("error", fail).off("close", closed);
      };
      const fail = (error: Error): void => {
        settle();
        socket.destroy();
        reject(explained(this.agent, error));
      };
      const giveUp = (): void => fail(new Error("given up"));
      const closed = (): void => fail(new Error("the connection was closed"));
      const timer = setTimeout(() => fail(timedOut()), DIAL_MS);
      socket.on("error", () => undefined); // its "close" follows and is what counts
      socket.once("close", () => this.#raw.delete(socket));
      socket.once("error", fail).once("close", closed);
      signal.addEventListener("abort", giveUp);
      socket.once(opened, () => {
        settle();
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        resolve(socket);
      });
      if (signal.aborted) giveUp();
    });
  }
}

const NEVER = new AbortController().signal;

const timedOut = (): Error =>
  Object.assign(new Error(`no connection within ${DIAL_MS / 1000} s`), {
    syscall: "connect",
    code: "ETIMEDOUT",
  });
