import type { Connection } from "./connection.ts";
import { backoffMs, pause } from "./deadline.ts";
import { StoreError } from "./store-error.ts";
import { ZooKeeperConnection, ZooKeeperRefusal } from "./zookeeper-connection.ts";
import type { SessionTicket } from "./zookeeper-connection.ts";
import { opcode, zkError } from "./zookeeper-wire.ts";
import type { WireReader } from "./zookeeper-wire.ts";

/**
 * A session with a ZooKeeper: begun with the first request, carried from server to server, replaced when it expires.
 * Each change of connection wakes all watches, for none is carried over: whoever watches reads again.
 */
export class ZooKeeperSession {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #onConnected: (isNewSession: boolean) => void;
  readonly #watches = new Map<string, Set<() => void>>();
  readonly #closing = new AbortController();
  /** The servers in an order of our own, so that not all clients come to the first. */
  readonly #endpoints: readonly string[];
  #current: Promise<ZooKeeperConnection> | undefined;
  #ticket: SessionTicket | undefined;
  #failures = 0;
  /** Where the next search for a server begins: behind the one that failed last. */
  #next = 0;
  #running: Promise<void> | undefined;

  /** `onConnected` hears of every connection after the first; a new session means that what hung on the old is gone. */
  constructor(connection: Connection, timeoutMs: number, onConnected: (isNewSession: boolean) => void) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#onConnected = onConnected;
    const { endpoints } = connection;
    const first = Math.floor(Math.random() * endpoints.length);
    this.#endpoints = [...endpoints.slice(first), ...endpoints.slice(0, first)];
  }

  /** The present session, and how long it lives without a sign of ours; connects if need be. */
  async ticket(): Promise<SessionTicket> {
    return (await this.#connected()).session;
  }

  /** Sends one request. @throws {ZooKeeperRefusal | StoreError} */
  async request(operation: number, body: Buffer, signal: AbortSignal): Promise<WireReader> {
    signal.throwIfAborted();
    const connection = await this.#connected();
    signal.throwIfAborted();
    try {
      return await connection.request(operation, body);
    } catch (error) {
      const expired = error instanceof ZooKeeperRefusal && error.code === zkError.sessionExpired;
      if (expired) connection.end(error);
      throw error;
    }
  }

  /** Calls `wake` once, when one of the paths changes or the connection does. Gives a function that forgets it. */
  watch(paths: readonly string[], wake: () => void): () => void {
    for (const path of paths) {
      const waiting = this.#watches.get(path) ?? new Set();
      this.#watches.set(path, waiting.add(wake));
    }
    return () => {
      for (const path of paths) {
        const waiting = this.#watches.get(path);
        waiting?.delete(wake);
        if (waiting?.size === 0) this.#watches.delete(path);
      }
    };
  }

  /** Ends the session, and with it everything that hangs on it, if the server can be told within a second. */
  async close(): Promise<void> {
    this.#closing.abort();
    const connection = await this.#current?.catch(() => undefined);
    if (connection !== undefined) {
      const told = connection.request(opcode.closeSession).catch(() => undefined);
      const enough = new AbortController();
      await Promise.race([told, pause(1000, enough.signal)]);
      enough.abort();
      connection.end();
    }
    await this.#running;
  }

  async #connected(): Promise<ZooKeeperConnection> {
    if (this.#closing.signal.aborted) throw new StoreError("closed", `${this.#connection.name} was closed`);
    this.#current ??= this.#connect();
    const current = this.#current;
    this.#running ??= this.#run();
    return await current;
  }

  /** Keeps the session: connects again as long as there is one to lose. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const attempt = (this.#current ??= this.#connect());
      try {
        const connection = await attempt;
        await connection.ended;
      } catch {
        await pause(backoffMs(++this.#failures) / 2, signal); // whoever asks meanwhile gets the same refusal
      }
      this.#current = undefined;
      for (const wake of [...this.#watches.values()].flatMap((waiting) => [...waiting])) wake();
    }
  }

  /** Tries every server once, each with an equal share of the session's time. */
  async #connect(): Promise<ZooKeeperConnection> {
    let last: unknown;
    for (const endpoint of [...this.#endpoints.slice(this.#next), ...this.#endpoints.slice(0, this.#next)]) {
      if (this.#closing.signal.aborted) break;
      this.#next = (this.#next + 1) % this.#endpoints.length;
      try {
        return await this.#open(endpoint);
      } catch (error) {
        last = error;
      }
    }
    throw last instanceof Error ? last : new StoreError("closed", `${this.#connection.name} was closed`);
  }

  async #open(endpoint: string): Promise<ZooKeeperConnection> {
    const before = this.#ticket;
    const options = {
      name: this.#connection.name,
      endpoint,
      tls: this.#connection.tls,
      login: this.#connection.login,
      signal: this.#closing.signal,
      connectTimeoutMs: Math.max(300, this.#timeoutMs / (2 * this.#endpoints.length)),
      onChange: (path: string) => {
        for (const wake of [...(this.#watches.get(path) ?? [])]) wake();
      },
    };
    const fresh = { timeoutMs: this.#timeoutMs };
    let connection: ZooKeeperConnection;
    try {
      connection = await ZooKeeperConnection.open({ ...options, session: before ?? fresh });
    } catch (error) {
      if (!(error instanceof ZooKeeperRefusal) || error.code !== zkError.sessionExpired) throw error;
      this.#ticket = undefined;
      connection = await ZooKeeperConnection.open({ ...options, session: fresh });
    }
    if (this.#closing.signal.aborted) {
      connection.end();
      throw new StoreError("closed", `${this.#connection.name} was closed`);
    }
    this.#ticket = connection.session;
    this.#failures = 0;
    if (before !== undefined) this.#onConnected(before.id !== connection.session.id);
    return connection;
  }
}
