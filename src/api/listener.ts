import { chmod, unlink } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { ListenAddress } from "../config.ts";
import { closeGently } from "../proxy/close-gently.ts";
import { dispatchUpgrade } from "../proxy/dispatch-upgrade.ts";
import { routeConnections } from "../proxy/legacy-hijack.ts";
import { errorText } from "../errors.ts";
import { messages } from "../telemetry/messages.ts";
import type { HttpApp } from "./http-app.ts";

/** Short requests get this long to finish when the manager stops, milliseconds. */
const GRACE_MS = 3_000;
/** A client must have sent its headers within this, milliseconds; streams have no limit. */
const HEADERS_MS = 60_000;
/** What Go's servers, and so engines, accept: `X-Registry-Config` of a busy developer is long. */
const MAX_HEADER_BYTES = 1 << 20;

/** One `-H` address, open. */
export class Listener implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #address: ListenAddress;
  #closing = false;
  /** Rejects when the open listener breaks. */
  readonly failed: Promise<never>;

  private constructor(server: Server, address: ListenAddress) {
    this.#server = server;
    this.#address = address;
    this.failed = new Promise((_resolve, reject) => {
      server.on("error", (error) => reject(bindError(error, address)));
    });
    this.failed.catch(() => undefined);
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.prependListener("request", (_req, res) => {
      // A connection whose last request ends while we close is idle then, and nobody would end it.
      res.once("close", () => {
        if (this.#closing) setImmediate(() => server.closeIdleConnections());
      });
    });
  }

  /** @throws Error with Docker's words for a port that is taken */
  static async open(address: ListenAddress, app: HttpApp, log: Logger): Promise<Listener> {
    log.info({ addr: address.addr, proto: address.proto }, messages.listening);
    const server = createServer(
      {
        keepAliveTimeout: 0,
        requestTimeout: 0,
        headersTimeout: HEADERS_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
        noDelay: true,
      },
      app.handle,
    );
    server.timeout = 0;
    server.on("upgrade", (req, _socket, head: Buffer) => {
      const takes = app.wantsConnection(req.method ?? "", req.url ?? "", req.headers);
      dispatchUpgrade(req, head, app.handle, takes);
    });
    refuseMalformed(server);
    if (!(await routeConnections(server, app.wantsConnection))) {
      log.warn(
        "this Node version does not let old clients attach without an upgrade header; newer clients are not affected",
      );
    }
    const listener = new Listener(server, address);
    await listener.#bind();
    return listener;
  }

  /** Stops accepting, lets short requests finish, then cuts what is left. A unix socket's file goes with its listener. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    // Clients keep connections in reserve that never asked anything; to Node those are not idle.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, GRACE_MS);
    await closed;
    clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
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

/** Answers what is no HTTP we can read, where an answer is due, and ends the connection. */
function refuseMalformed(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  server.prependListener("request", (req, res) => answers.set(req.socket, res));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (refused.has(socket)) return; // more of the same, and the connection is ending
    refused.add(socket);
    const answer = answers.get(socket);
    // Bytes of ours would land in the middle of another answer, or be taken for it.
    const isBusy = answer?.writableFinished === false && (answer.headersSent || answer.req.complete);
    if (isBusy || !socket.writable || SILENT.has(error.code ?? "")) {
      socket.destroy();
      return;
    }
    socket.write(badRequestHead(error.code === "HPE_HEADER_OVERFLOW"));
    closeGently(socket);
  });
}

/** The client is gone, or connected and never asked anything: HTTP clients keep such connections in reserve. */
const SILENT: ReadonlySet<string> = new Set(["ECONNRESET", "ERR_HTTP_REQUEST_TIMEOUT"]);

function bindError(error: unknown, address: ListenAddress): Error {
  const busy = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
  const reason = busy ? "bind: address already in use" : errorText(error);
  const hint =
    busy && address.addr.includes(":2375")
      ? ": is Docker already running on this machine? Try using a different port"
      : "";
  return new Error(`listen ${address.proto} ${address.addr}: ${reason}${hint}`, { cause: error });
}

/** What a client gets whose request is no HTTP we can read. */
function badRequestHead(oversized: boolean): string {
  const body = `${JSON.stringify({ message: oversized ? "request headers too large" : "malformed HTTP request" })}\n`;
  const status = oversized ? "431 Request Header Fields Too Large" : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
