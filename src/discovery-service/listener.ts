import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { bindFault, closeServer } from "../net/close-server.ts";
import { refuseMalformed } from "../net/refuse-malformed.ts";
import { createTlsServer } from "../net/tls-server.ts";
import { messages } from "../telemetry/messages.ts";
import type { Logger } from "../telemetry/logger.ts";
import { HandshakeLog } from "../tls/handshake-log.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { clientOf } from "./client-address.ts";
import type { TcpAddress } from "./types.ts";

/** Every request is short, so everything has a limit. All in milliseconds. */
const times = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
} as const;
const idleMs = 30_000;
/** Requests under way get this long when the service stops. */
const graceMs = 3_000;

export interface ListenerOptions {
  readonly handle: RequestListener;
  readonly tls: TlsIdentity | undefined;
  readonly maxConnections: number;
  /** One client may have a quarter of the connections; a reverse proxy all of them. */
  readonly isBehindProxy: boolean;
  readonly log: Logger;
  /** For lines about TLS handshakes that failed. Default: the process's. */
  readonly stderr?: ((line: string) => unknown) | undefined;
  /** How long a TLS handshake may take as a whole, milliseconds. Default 10 s. */
  readonly handshakeMs?: number;
}

/** One address of the service, open. */
export class ServiceListener implements AsyncDisposable {
  /** The port, also when a free one was asked for. */
  readonly port: number;
  /** Rejects when the open listener breaks. */
  readonly failed: Promise<never>;
  readonly #server: Server | TlsServer;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #retire: () => void;

  private constructor(server: Server | TlsServer, sockets: ReadonlySet<Socket>, retire: () => void) {
    this.#server = server;
    this.#sockets = sockets;
    this.#retire = retire;
    this.port = (server.address() as AddressInfo).port;
    this.failed = new Promise((_resolve, reject) => server.on("error", reject));
    this.failed.catch(() => undefined);
  }

  /** Its line in the log says that connections are taken. @throws Error naming the address that cannot be listened on */
  static async open(address: TcpAddress, options: ListenerOptions): Promise<ServiceListener> {
    const { server, retire } = makeServer(options);
    server.setTimeout(idleMs);
    server.maxConnections = options.maxConnections;
    refuseMalformed(server);
    const sockets = countSockets(server, options);
    await new Promise<void>((resolve, reject) => {
      const fail = (error: unknown): void => {
        retire();
        reject(new Error(`listen tcp ${address.addr}: ${bindFault(error)}`, { cause: error }));
      };
      server.once("error", fail);
      server.listen(address.port, address.host === "" ? undefined : address.host, () => {
        server.off("error", fail);
        resolve();
      });
    });
    options.log.info({ addr: address.addr, proto: "tcp" }, messages.listening);
    return new ServiceListener(server, sockets, retire);
  }

  /** Stops accepting, lets requests under way finish, then cuts what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#retire();
    await closeServer(this.#server, this.#sockets, graceMs);
  }
}

function makeServer({ handle, tls, handshakeMs, stderr }: ListenerOptions): {
  readonly server: Server | TlsServer;
  /** To be called when the server closes. */
  readonly retire: () => void;
} {
  const http: ServerOptions = { ...times, maxHeaderSize: 8192, noDelay: true };
  if (tls === undefined) return { server: createServer(http, handle), retire: () => undefined };
  const failures = new HandshakeLog(stderr ?? ((line) => process.stderr.write(line)));
  const { server, retire } = createTlsServer({ identity: tls, failures, http, handshakeMs });
  server.on("request", handle);
  return { server, retire };
}

/** All open connections; those of a client that has too many are closed at once. */
function countSockets(
  server: Server | TlsServer,
  { maxConnections, isBehindProxy }: ListenerOptions,
): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  const perClient = new Map<string, number>();
  const most = isBehindProxy ? maxConnections : Math.ceil(maxConnections / 4);
  server.on("connection", (socket: Socket) => {
    const client = clientOf(socket.remoteAddress ?? "");
    const count = (perClient.get(client) ?? 0) + 1;
    sockets.add(socket);
    perClient.set(client, count);
    socket.once("close", () => {
      sockets.delete(socket);
      const left = (perClient.get(client) ?? 1) - 1;
      if (left === 0) perClient.delete(client);
      else perClient.set(client, left);
    });
    if (count > most) socket.destroy();
  });
  return sockets;
}
