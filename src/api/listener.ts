import { chmod, unlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import type { ListenAddress } from "../config.ts";
import { bindFault, closeServer, isAddressInUse } from "../net/close-server.ts";
import { refuseMalformed } from "../net/refuse-malformed.ts";
import { createTlsServer, type TlsServer } from "../net/tls-server.ts";
import { dispatchUpgrade } from "../proxy/dispatch-upgrade.ts";
import { routeConnections } from "../proxy/legacy-hijack.ts";
import { messages } from "../telemetry/messages.ts";
import { HandshakeLog } from "../tls/handshake-log.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import type { HttpApp } from "./http-app.ts";

/** Short requests get this long to finish when the manager stops, milliseconds. */
const GRACE_MS = 3_000;
/** A client must have sent its headers within this, milliseconds; streams have no limit. */
const HEADERS_MS = 60_000;
/** A client that vanished is noticed by the kernel after this much silence, milliseconds. */
const KEEP_ALIVE_MS = 30_000;
/** What Go's servers, and so engines, accept: `X-Registry-Config` of a busy developer is long. */
const MAX_HEADER_BYTES = 1 << 20;

export interface ListenerOptions {
  /** Default: TLS handshakes that fail get a line on stderr. */
  readonly failures?: HandshakeLog;
  /** How long a TLS handshake may take, milliseconds. */
  readonly handshakeMs?: number;
  /** How many of them may be under way; more than that, and the oldest ends. */
  readonly maxHandshakes?: number;
}

/** One `-H` address, open. */
export class Listener implements AsyncDisposable {
  readonly #server: Server;
  readonly #retire: () => void;
  readonly #sockets = new Set<Socket>();
  readonly #address: ListenAddress;
  #closing = false;
  /** Rejects when the open listener breaks. */
  readonly failed: Promise<never>;

  private constructor(server: Server, address: ListenAddress, retire: () => void) {
    this.#server = server;
    this.#retire = retire;
    this.#address = address;
    this.failed = new Promise((_resolve, reject) => {
      server.on("error", (error) => reject(bindError(error, address)));
    });
    this.failed.catch(() => undefined);
    server.on("connection", (socket) => this.#track(socket));
    // On top of one that is tracked already, and the only one that knows whether anything was asked.
    server.on("secureConnection", (socket: Socket) => this.#track(socket));
    server.prependListener("request", (_req, res) => {
      // A connection whose last request ends while we close is idle then, and nobody would end it.
      res.once("close", () => {
        if (this.#closing) setImmediate(() => server.closeIdleConnections());
      });
    });
  }

  /**
   * @param tls undefined: plain HTTP
   * @throws Error with Docker's words for a port that is taken
   */
  static async open(
    address: ListenAddress,
    app: HttpApp,
    log: Logger,
    tls?: TlsIdentity,
    options: ListenerOptions = {},
  ): Promise<Listener> {
    log.info({ addr: address.addr, proto: address.proto }, messages.listening);
    const { server, retire, admits } = makeServer(tls, options);
    server.timeout = 0;
    server.on("request", (req, res) => {
      if (admits(req.socket)) app.handle(req, res); // else the answer before it ends the connection
    });
    server.on("upgrade", (req, socket, head: Buffer) => {
      if (!admits(req.socket)) {
        socket.destroy();
        return;
      }
      const takes = app.wantsConnection(req.method ?? "", req.url ?? "", req.headers);
      dispatchUpgrade(req, head, app.handle, takes);
    });
    refuseMalformed(server);
    if (!(await routeConnections(server, app.wantsConnection))) {
      log.warn(
        "this Node version does not let old clients attach without an upgrade header; newer clients are not affected",
      );
    }
    const listener = new Listener(server, address, retire);
    try {
      await listener.#bind();
    } catch (error) {
      retire();
      throw error;
    }
    return listener;
  }

  /** Stops accepting, lets short requests finish, then cuts what is left. A unix socket's file goes with its listener. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#retire();
    await closeServer(this.#server, this.#sockets, GRACE_MS);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#closing) socket.destroy();
  }

  /** A unix socket in our place is removed, as it always was: after a crash nobody else would (cli.md §5.3). */
  async #bind(): Promise<void> {
    const address = this.#address;
    if (address.proto === "unix") await unlink(address.path).catch(() => undefined);
    await new Promise<void>((resolve, reject) => {
      this.failed.catch(reject);
      if (address.proto === "unix") {
        // Binding happens within the call, so that no other file of ours gets these permissions.
        const umask = process.umask(0o177);
        this.#server.listen(address.path, resolve);
        process.umask(umask);
      } else {
        this.#server.listen(address.port, address.host === "" ? undefined : address.host, resolve);
      }
    });
    if (address.proto === "unix") await chmod(address.path, 0o600);
  }
}

function makeServer(
  tls: TlsIdentity | undefined,
  { failures, handshakeMs, maxHandshakes }: ListenerOptions,
): Pick<TlsServer, "retire" | "admits"> & { readonly server: Server } {
  const http = {
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: HEADERS_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
    // Whoever is gone without a word, an attached client's machine say, is found out.
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
  if (tls === undefined) return { server: createServer(http), retire: () => undefined, admits: () => true };
  return createTlsServer({
    identity: tls,
    failures: failures ?? new HandshakeLog((line) => process.stderr.write(line)),
    http,
    handshakeMs,
    maxHandshakes,
  });
}

function bindError(error: unknown, address: ListenAddress): Error {
  const hint =
    isAddressInUse(error) && address.addr.includes(":2375")
      ? ": is Docker already running on this machine? Try using a different port"
      : "";
  return new Error(`listen ${address.proto} ${address.addr}: ${bindFault(error)}${hint}`, { cause: error });
}
