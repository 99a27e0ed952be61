import { lookup } from "node:dns/promises";
import { Agent, type AgentOptions } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { EngineUnreachableError } from "../docker/engine-client.ts";
import { EngineWire, IDLE_CONNECTIONS, KEEP_ALIVE_MS } from "../docker/engine-wire.ts";
import { fenced, type Fence } from "../docker/fenced-socket.ts";
import { explained, TlsEngineAgent } from "../docker/tls-engine-agent.ts";
import { errorText } from "../errors.ts";
import { abandon } from "../net/abandon.ts";
import { lentReads } from "../net/lent-memory.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { PreparedConnections } from "./prepared-connections.ts";
import { within } from "./within.ts";

/** How long a connection may take to open, its TLS handshake included, milliseconds. */
const DIAL_MS = 10_000;
/** How long a name may take to resolve, milliseconds. */
const LOOKUP_MS = 10_000;
/**
 * A connection that was idle for so long is closed, milliseconds: a little more than the longest time between two sweeps, so that an engine which is asked
 * something every minute keeps one open. Opening it costs more than the request; it takes some five kilobytes. Those that a burst needed go.
 */
const IDLE_MS = 75_000;
/** Likewise those of forwarded requests: who asks each engine something once a minute does not keep them all open. Milliseconds. */
const FORWARD_IDLE_MS = 50_000;

/** `host:port`, IPv6 in brackets: what an engine is known by. */
export const hostPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** The plain connections of one engine. */
class EngineAgent extends Agent {
  readonly #fence: Fence | undefined;

  constructor(fence: Fence | undefined, options: AgentOptions) {
    super(options);
    this.#fence = fence;
  }

  /** Node's, for the pool. Its parser copies what it keeps. */
  override createConnection(options: object): Socket {
    const socket = connect({ ...(options as NetConnectOpts), onread: lentReads() });
    return fenced(socket, "connect", { fence: this.#fence, options });
  }
}

/** The pool of one engine: its connections, pooled or spliced, all of which end when the engine is given up. */
export class EngineConnections {
  readonly host: string;
  readonly port: number;
  /** `host:port`, IPv6 in brackets. */
  readonly addr: string;
  /** For forwarded requests and what streams. */
  readonly agent: Agent;
  /** For our own short calls. */
  readonly wire: EngineWire;
  #cuts = 0;
  readonly #spliced = new Set<Socket>();
  readonly #prepared = new PreparedConnections(() => this.#dial());

  /**
   * @param tls how to prove who we are and who they are; undefined: plain HTTP
   * @param fence asked when a connection is open, before its request goes out
   * @param idleMs a connection that is idle for so long is closed, milliseconds
   */
  constructor(host: string, port: number, tls?: TlsIdentity, fence?: Fence, idleMs = IDLE_MS) {
    this.host = host;
    this.port = port;
    this.addr = hostPort({ host, port });
    const pool = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      maxFreeSockets: IDLE_CONNECTIONS,
      timeout: Math.min(idleMs, FORWARD_IDLE_MS),
      scheduling: "lifo",
    } as const;
    this.agent =
      tls === undefined
        ? new EngineAgent(fence, pool)
        : new TlsEngineAgent({ host, port, addr: this.addr, identity: tls, fence }, pool);
    this.wire = new EngineWire({ host, port, agent: this.agent, idleMs });
  }

  /** First address of the host part. @throws when it cannot be resolved, in time or before the signal */
  async resolve(signal: AbortSignal): Promise<string> {
    const found = within(`resolving ${this.host}`, lookup(this.host), { ms: LOOKUP_MS, signal });
    return (await found).address;
  }

  /**
   * A raw connection for a spliced stream; half-open so that each side may finish first. Over TLS it is verified when this resolves.
   * @throws EngineUnreachableError
   */
  dial(): Promise<Socket> {
    return this.#prepared.take() ?? this.#dial();
  }

  /** A stream will be asked for very soon: its connection is opened now. */
  prepare(): void {
    this.#prepared.prepare();
  }

  #dial(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const { socket, opened } = this.#open();
      const fail = (error: Error): void => {
        socket.destroy();
        const reason = explained(this.agent, error);
        if (reason instanceof EngineUnreachableError) {
          reject(reason);
          return;
        }
        const code = (error as NodeJS.ErrnoException).code ?? "EUNKNOWN";
        const text = `Cannot connect to the Docker daemon at tcp://${this.addr}. Is the docker daemon running? (${errorText(error)})`;
        reject(new EngineUnreachableError(text, code, { cause: error }));
      };
      const timer = setTimeout(() => fail(new Error("connect timed out")), DIAL_MS);
      const cutOff = (): void => fail(new Error("the engine was given up"));
      // From the first moment on, so that `cut` ends a connection which is only being made, too.
      this.#spliced.add(socket);
      socket.once("close", () => {
        clearTimeout(timer);
        this.#spliced.delete(socket);
      });
      socket.once("close", cutOff);
      socket.once("error", fail);
      socket.once(opened, () => {
        clearTimeout(timer);
        socket.removeListener("error", fail).removeListener("close", cutOff);
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        resolve(socket);
      });
    });
  }

  /** A connection that has left the pool for good: it ends with the others. */
  adopt(socket: Socket): void {
    this.#spliced.add(socket);
    socket.once("close", () => this.#spliced.delete(socket));
  }

  /** A connection being made, and the event that says it is. */
  #open(): { readonly socket: Socket; readonly opened: "connect" | "secureConnect" } {
    const { agent, host, port } = this;
    if (agent instanceof TlsEngineAgent)
      return { socket: agent.open({ allowHalfOpen: true }), opened: "secureConnect" };
    const options = { host, port, allowHalfOpen: true, noDelay: true, onread: lentReads() };
    return { socket: connect(options), opened: "connect" };
  }

  /** Our certificate was read again: what is idle does not stay with the old one. */
  renew(): void {
    if (this.agent instanceof TlsEngineAgent) this.agent.renew();
    this.wire.closeIdle();
    this.#prepared.drop();
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** Ends every connection, also those in use: what is still on its way to the engine does not reach it later. New ones may be opened afterwards. */
  cut(): void {
    this.#cuts++;
    for (const used of Object.values(this.agent.sockets)) for (const socket of used ?? []) abandon(socket);
    this.agent.destroy();
    this.wire.cut();
    for (const socket of this.#spliced) abandon(socket);
  }
}
