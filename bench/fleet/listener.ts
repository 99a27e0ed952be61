import type { Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { LeanLane, type LeanHandler } from "./lean-lane.ts";
import type { SharedDoor } from "./shared-door.ts";

/** Where an engine can be reached. */
export interface Place {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Taken instead of a listening socket of its own. */
  readonly door?: SharedDoor | undefined;
}

/** Attach and exec start: the requests that may be hijacked without saying so. */
const HIJACKABLE =
  /^POST (?:\/v[\d.]+)?\/(?:containers\/[^ ]+\/attach|exec\/[^ /]+\/start)(?:\?[^ ]*)? HTTP\/1\.1\r\n/;

/**
 * Accepts connections for one engine; can be frozen, closed and opened again on the same port. Plain requests are served in a lane of
 * their own, all others by an HTTP server. Old clients hijack a connection without an `Upgrade` header, which Node's parser would read on
 * as HTTP; the first request that leaves the lane is therefore looked at, and such a one is marked `Upgrade: legacy`.
 */
export class Listener {
  readonly #http: HttpServer;
  readonly #lean: LeanHandler;
  readonly #host: string;
  readonly #door: SharedDoor | undefined;
  #port: number;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Connections made while frozen. */
  readonly #waiting = new Set<Socket>();
  #frozen = false;

  constructor(http: HttpServer, lean: LeanHandler, { host, port, door }: Place) {
    this.#http = http;
    this.#lean = lean;
    this.#host = host;
    this.#door = door;
    this.#port = door?.port ?? port;
  }

  /** `host:port`; the port stays the same from the first `open` on. */
  get addr(): string {
    return `${this.#host}:${this.#port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async open(): Promise<void> {
    this.#door?.open(this.#host, (socket) => this.#accept(socket));
    if (this.#door || this.#server) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, this.#host, 511, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops listening and cuts every connection. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#door?.close(this.#host);
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** A stopped process: the kernel still accepts, nothing is read or written any more. */
  freeze(): void {
    if (this.#frozen) return;
    this.#frozen = true;
    for (const socket of this.#sockets) socket.cork();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    for (const socket of this.#sockets) if (!this.#waiting.has(socket)) socket.uncork();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const socket of waiting) this.#serve(socket);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#waiting.delete(socket);
    });
    socket.on("error", () => socket.destroy());
    if (this.#frozen) this.#waiting.add(socket);
    else this.#serve(socket);
  }

  #serve(socket: Socket): void {
    new LeanLane(socket, this.#lean, (unread) => {
      socket.pause();
      socket.unshift(markLegacyHijack(unread));
      this.#http.emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  }
}

function markLegacyHijack(head: Buffer): Buffer {
  const end = head.indexOf("\r\n\r\n");
  if (end < 0) return head;
  const text = head.toString("latin1", 0, end + 2);
  if (!HIJACKABLE.test(text) || /\r\nupgrade:/i.test(text)) return head;
  const firstLine = text.indexOf("\r\n") + 2;
  const rest = text.slice(firstLine).replace(/^connection:.*\r\n/gim, "");
  const marked = `${text.slice(0, firstLine)}Connection: Upgrade\r\nUpgrade: legacy\r\n${rest}`;
  return Buffer.concat([Buffer.from(marked, "latin1"), head.subarray(end + 2)]);
}
