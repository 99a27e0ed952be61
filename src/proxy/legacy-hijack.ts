import type { IncomingHttpHeaders, IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import { Duplex } from "node:stream";
import { Server as TlsServer } from "node:tls";

/** Whether a request takes over its connection, by its route. Asked for every request, before its body is read. */
export type WantsConnection = (method: string, url: string, headers: IncomingHttpHeaders) => boolean;

/** The part of Node's per-connection HTTP parser we use. It is not documented, and nothing outside this file knows it. */
interface Parser {
  onIncoming: (req: IncomingMessage & { upgrade: boolean }, keepAlive: boolean) => number;
}

/** What `onIncoming` answers for a connection that is no longer HTTP behind this request. */
const upgradeVerdict = 2;

/**
 * Lets the route decide who gets the raw connection, instead of the `Upgrade` header:
 * - attach and exec start without `Upgrade` (old clients) arrive as `upgrade` events too, before Node parses the raw input
 *   behind them as HTTP;
 * - other requests with an `Upgrade` nobody serves (curl's `h2c`) are ordinary requests, body and keep-alive included.
 *
 * Resolves false, with nothing changed, on a Node where this does not work: old clients then reach the plain path and lose
 * their input, and upgrades go where Node sends them. Say so in the log.
 */
export async function routeConnections(server: Server, wants: WantsConnection): Promise<boolean> {
  if (!(await hookWorks())) return false;
  // The server's own listener came first and has given the connection its parser.
  const event = server instanceof TlsServer ? "secureConnection" : "connection";
  server.on(event, (connection: Duplex) => void hook(connection, wants));
  return true;
}

/** Puts our question before Node's own handling of a request. */
function hook(connection: Duplex, wants: WantsConnection): boolean {
  const { parser } = connection as Duplex & { parser?: Partial<Parser> | null };
  const inner = parser?.onIncoming;
  if (!parser || typeof inner !== "function") return false;
  parser.onIncoming = (req, keepAlive) => {
    req.upgrade = req.method === "CONNECT" || wants(req.method ?? "", req.url ?? "", req.headers);
    return req.upgrade ? upgradeVerdict : inner(req, keepAlive);
  };
  return true;
}

/** Tries the hook on a connection in memory: a request without `Upgrade`, with a body, and raw input behind it. */
async function hookWorks(): Promise<boolean> {
  const server = createServer();
  const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  try {
    return await new Promise<boolean>((resolve) => {
      server.on("upgrade", (_req, _socket, head) => resolve(head.toString() === "{}raw"));
      server.on("request", () => resolve(false));
      server.on("clientError", () => resolve(false));
      server.emit("connection", connection);
      if (!hook(connection, () => true)) resolve(false);
      connection.push("POST /probe HTTP/1.1\r\nHost: probe\r\nContent-Length: 2\r\n\r\n{}raw");
      connection.push(null);
      connection.once("close", () => resolve(false));
    });
  } finally {
    connection.destroy();
  }
}
