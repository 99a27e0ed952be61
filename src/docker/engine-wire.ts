import type { Agent } from "node:http";
import type { Socket } from "node:net";
import { asError } from "../errors.ts";
import type { WholeAnswer } from "./answer-parser.ts";
import type { CallScope } from "./call-scope.ts";
import {
  EngineConnection,
  type ConnectionOwner,
  type Exchange,
  type WireRequest,
} from "./engine-connection.ts";
import { idleBudget, type IdleBudget } from "./idle-budget.ts";
import { TlsEngineAgent } from "./tls-engine-agent.ts";

/** A peer that vanished is noticed by the kernel after this much silence, milliseconds. */
export const KEEP_ALIVE_MS = 15_000;
/** Idle connections kept per engine, at most. */
export const IDLE_CONNECTIONS = 8;

/** What changes something is sent on a connection that was idle for no longer than this, milliseconds: proxies close theirs after a minute. */
const FRESH_MS = 50_000;

/** How to reach an engine. */
export interface WireTarget {
  readonly host: string;
  readonly port: number;
  /** Opens the connections, and knows how; those it keeps itself are for others. */
  readonly agent: Agent;
  /** A connection that is idle for so long is closed, milliseconds. */
  readonly idleMs: number;
  /** What is idle counts against it. Default: the one all engines share. */
  readonly budget?: IdleBudget | undefined;
}

/**
 * The short calls to one engine: a pool of connections, each with one call at a time, and never a call that waits for another. It is there for thousands of
 * calls a second, of which each takes Node's client, made for everything, three times as long.
 */
export class EngineWire implements ConnectionOwner {
  readonly #target: WireTarget;
  readonly #budget: IdleBudget;
  readonly #all = new Set<EngineConnection>();
  /** The one used last comes last, and is used first: so those that are not needed get old. */
  readonly #idle: EngineConnection[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(target: WireTarget) {
    this.#target = target;
    this.#budget = target.budget ?? idleBudget;
  }

  /**
   * Sends a request and resolves with its whole answer. One that only reads is sent again, once, on a new connection, when one that had been idle
   * turns out to be closed.
   * @throws what Node says of the connection; TooLargeError; what the request's `mayStill` throws
   */
  send(request: WireRequest, scope: CallScope): Promise<WholeAnswer> {
    return new Promise((resolve, reject) => {
      const call = new WireCall(this, request, resolve, reject);
      scope.onGivenUp(call);
      call.begin(this.#take(request.method) ?? this.open());
    });
  }

  /** Ends every connection, also those in use. New ones may be opened afterwards. */
  cut(): void {
    for (const connection of this.#all) connection.cut();
  }

  /** Closes the connections that nobody uses. */
  closeIdle(): void {
    for (const { socket } of this.#idle.splice(0)) {
      this.#budget.release(socket);
      socket.destroy();
    }
  }

  /** A new connection. @throws when our TLS files cannot be used */
  open(): EngineConnection {
    const { host, port, agent } = this.#target;
    const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const socket = agent.createConnection(options) as Socket;
    const opened = agent instanceof TlsEngineAgent ? "secureConnect" : "connect";
    const connection = new EngineConnection(socket, opened, this);
    this.#all.add(connection);
    return connection;
  }

  freed(connection: EngineConnection, keptMs: number): void {
    const { socket } = connection;
    const { agent, idleMs } = this.#target;
    const isCurrent = !(agent instanceof TlsEngineAgent) || agent.noteAnswer(socket);
    // What the engine has answered before it was all there would stand before the next request.
    const isSent = socket.writableLength === 0;
    const isFull = this.#idle.length >= IDLE_CONNECTIONS;
    const isOver = !isCurrent || !isSent || keptMs === 0 || socket.destroyed;
    if (isOver || isFull) {
      socket.destroy();
      return;
    }
    socket.unref();
    connection.idleSince = performance.now();
    connection.idleUntil = connection.idleSince + Math.min(keptMs, idleMs);
    this.#idle.push(connection);
    this.#budget.keep(socket);
    this.#watch(idleMs);
  }

  closed(connection: EngineConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#budget.release(connection.socket);
  }

  #take(method: string): EngineConnection | undefined {
    for (;;) {
      const connection = this.#idle.at(-1);
      if (connection === undefined) return undefined;
      const { socket, idleSince, idleUntil } = connection;
      const now = performance.now();
      // Who stands between us and the engine may just be closing it, and what changes something is not sent again.
      if (method !== "GET" && now - idleSince > FRESH_MS) return undefined;
      this.#idle.pop();
      this.#budget.release(socket);
      if (idleUntil > now && !socket.destroyed) {
        socket.ref();
        return connection;
      }
      socket.destroy();
    }
  }

  /** Looks for what is too old after `ms`, and on as long as anything is idle. */
  #watch(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      let next = Infinity;
      // What is closed leaves the pool a little later, and is not used until then.
      for (const { socket, idleUntil } of this.#idle)
        if (idleUntil <= now) socket.destroy();
        else next = Math.min(next, idleUntil);
      if (next < Infinity) this.#watch(next - now);
    }, ms).unref();
  }
}

/** A request on its way. */
class WireCall implements Exchange {
  readonly request: WireRequest;
  readonly #wire: EngineWire;
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: Error) => void;
  /** Undefined when it is over: then the connection may be another's. */
  #connection: EngineConnection | undefined;

  constructor(
    wire: EngineWire,
    request: WireRequest,
    resolve: (answer: WholeAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.request = request;
    this.#wire = wire;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(connection: EngineConnection): void {
    this.#connection = connection;
    connection.begin(this);
  }

  giveUp(): void {
    this.#connection?.cut();
  }

  succeed(answer: WholeAnswer): void {
    this.#connection = undefined;
    this.#resolve(answer);
  }

  fail(error: Error, isStale: boolean): void {
    this.#connection = undefined;
    // The engine may have received what it never answered: only what may be done twice is. A new connection is not stale.
    if (!isStale || this.request.method !== "GET") {
      this.#reject(error);
      return;
    }
    try {
      this.begin(this.#wire.open());
    } catch (failure) {
      this.#reject(asError(failure));
    }
  }
}
