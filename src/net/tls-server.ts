import { createServer, type Server, type ServerOptions } from "node:https";
import type { Socket } from "node:net";
import type { HandshakeLog } from "../tls/handshake-log.ts";
import { handshakeReason } from "../tls/handshake-reason.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { admitTls } from "./admit-tls.ts";

/** A connection from its first byte until its handshake is over, milliseconds. */
const HANDSHAKE_MS = 10_000;
/** Handshakes under way. Strangers must not take the descriptors that connections to engines need. */
const MAX_HANDSHAKES = 2_000;

export interface TlsServerOptions {
  readonly identity: TlsIdentity;
  readonly failures: HandshakeLog;
  readonly http: ServerOptions;
  readonly handshakeMs?: number | undefined;
  readonly maxHandshakes?: number | undefined;
}

export interface TlsServer {
  readonly server: Server;
  /** The server is closing: reloads of the identity do not reach it any more, and handshakes under way end. */
  readonly retire: () => void;
  /**
   * Whether a request that came on this connection is answered. One that is older than a reload may ask once more, and not at once for all
   * it can think of: its certificate may count no longer.
   */
  readonly admits: (socket: Socket) => boolean;
}

/** What we know of a client before and beneath its TLS connection. */
interface Client {
  /** `address:port` */
  readonly peer: string;
  /** How often the identity had been reloaded when the client came. */
  readonly generation: number;
  /** The handshake has ended, well or badly. */
  settled: boolean;
  /** It has asked its last. */
  done: boolean;
}

/**
 * An HTTP server behind TLS, as the contract wants it (tls-and-security.md §3): TLS 1.2 or newer, `http/1.1` only, with `verify` no client
 * without a certificate of the CA. A handshake has a limit, so has their number, and its failure a line in the log. A reload of the identity counts for new
 * connections; older ones end after their next answer, streams when they are over.
 */
export function createTlsServer({
  identity,
  failures,
  http,
  handshakeMs: limitMs = HANDSHAKE_MS,
  maxHandshakes = MAX_HANDSHAKES,
}: TlsServerOptions): TlsServer {
  const clients = new WeakMap<Socket, Client>();
  const undecided = new Set<Socket>();
  let generation = 0;
  /** Whether this Node tells which connection a TLS one stands on. */
  let traceable = true;

  const server = createServer({
    ...http,
    ...identity.serverContext,
    ALPNProtocols: ["http/1.1"],
    requestCert: identity.verify,
    rejectUnauthorized: identity.verify,
    handshakeTimeout: limitMs,
    allowHalfOpen: true,
  } as ServerOptions);

  const fail = (client: Client | undefined, reason: string): void => {
    if (client?.settled === true) return;
    if (client !== undefined) client.settled = true;
    failures.note(client?.peer ?? "@", reason);
  };
  const clientOf = (socket: Socket): Client | undefined => clients.get(beneath(socket));

  /** Honest clients need milliseconds: whoever has taken longest goes. */
  const makeRoom = (): void => {
    const [oldest] = undecided;
    if (!traceable || oldest === undefined || undecided.size < maxHandshakes) return;
    undecided.delete(oldest);
    fail(clients.get(oldest), "too many handshakes at once");
    oldest.destroy();
  };

  admitTls(server, {
    accepted: (socket) => {
      makeRoom();
      const client = { peer: peerOf(socket), generation, settled: false, done: false };
      clients.set(socket, client);
      // Node's own limit starts again with every byte.
      const timer = setTimeout(() => {
        if (client.settled || !traceable) return;
        fail(client, "i/o timeout");
        socket.destroy();
      }, limitMs);
      undecided.add(socket);
      socket.once("close", () => {
        clearTimeout(timer);
        undecided.delete(socket);
      });
    },
    refused: (socket, reason) => fail(clients.get(socket), reason),
  });
  server.prependListener("secureConnection", (socket) => {
    socket.allowHalfOpen = true; // who has said all may still listen: `docker run` closes its input first
    const client = clientOf(socket);
    if (client === undefined) traceable = false;
    else client.settled = true;
    undecided.delete(beneath(socket));
  });
  // Ahead of Node's listener, to which this is a malformed request that wants an answer.
  server.prependListener("tlsClientError", (error, socket) => {
    fail(clientOf(socket), handshakeReason(error, socket.authorizationError));
    socket.destroy();
  });
  server.prependListener("request", ({ socket }, res) => {
    const client = clientOf(socket);
    if (client !== undefined && client.generation !== generation) res.shouldKeepAlive = false;
  });

  const admits = (socket: Socket): boolean => {
    const client = clientOf(socket);
    if (client === undefined || client.generation === generation) return true;
    if (client.done) return false;
    client.done = true;
    return true;
  };

  const forget = identity.onReload(() => {
    generation++;
    server.setSecureContext(identity.serverContext);
  });
  const retire = (): void => {
    forget();
    if (!traceable) return;
    for (const socket of undecided) {
      const client = clients.get(socket);
      if (client !== undefined) client.settled = true; // nothing to log: it is we who leave
      socket.destroy();
    }
  };
  return { server, retire, admits };
}

/** Not documented. Where it is missing, a slow handshake is limited between its bytes only, and the log lacks addresses. */
function beneath(socket: Socket): Socket {
  return (socket as Socket & { readonly _parent?: Socket | null })._parent ?? socket;
}

/** As Go writes it; a client of a unix socket has no address. */
function peerOf({ remoteAddress, remotePort, remoteFamily }: Socket): string {
  if (remoteAddress === undefined) return "@";
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
  return remoteFamily === "IPv6" && address.includes(":")
    ? `[${address}]:${remotePort}`
    : `${address}:${remotePort}`;
}
