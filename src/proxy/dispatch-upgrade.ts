import { ServerResponse } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { closeGently } from "../net/close-gently.ts";
import { announcesBody } from "./headers.ts";

/** A client's connection taken from its response. */
export interface TakenConnection {
  readonly socket: Socket;
  /** What came behind the request's headers, its body included. */
  readonly head: Buffer;
  /**
   * Makes the response usable again, as long as nothing was written: to answer that the hijack failed, or to let another handler take over.
   * @param unread what came behind the headers and is still to be read; default: {@link head}
   */
  giveBack(unread?: Buffer): void;
}

const connections = new WeakMap<ServerResponse, { readonly socket: Socket; readonly head: Buffer }>();

/**
 * Serves an `upgrade` event through the same handler as any request: errors are ordinary responses, after which the connection
 * closes. A handler that wants the raw connection asks {@link takeOver} for it.
 * @param takesOver whether the route is one that hijacks. Others cannot read a body here, and get a 400 when there is one;
 *   they come this way only where `routeConnections` is not available.
 */
export function dispatchUpgrade(
  req: IncomingMessage,
  head: Buffer,
  handler: (req: IncomingMessage, res: ServerResponse) => void,
  takesOver: boolean,
): void {
  const { socket } = req;
  // Node took its own listeners off: without these an error would be uncaught, and a slow client would never drain.
  socket.on("error", () => socket.destroy());
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.once("finish", () => closeGently(socket));
  connections.set(res, { socket, head });
  try {
    occupy(res, socket);
  } catch {
    // It came before the last answer was sent, which no client does: two answers would want one connection.
    socket.destroy();
    return;
  }
  if (takesOver) {
    handler(req, res);
    return;
  }

  socket.once("end", () => socket.destroy()).resume(); // as Node does for ordinary requests: who closes, leaves
  if (!announcesBody(req)) {
    handler(req, res);
    return;
  }
  res.writeHead(400, { "Content-Type": "application/json" });
  res.end(JSON.stringify({ message: "this endpoint takes no body together with an upgrade" }));
}

/** The raw connection behind a response, detached from it; undefined for a response that did not come from an upgrade. */
export function takeOver(res: ServerResponse): TakenConnection | undefined {
  const connection = connections.get(res);
  if (!connection || res.headersSent) return undefined;
  const { socket, head } = connection;
  vacate(res, socket);
  const giveBack = (unread = head): void => {
    connections.set(res, { socket, head: unread });
    occupy(res, socket);
  };
  return { socket, head, giveBack };
}

const drainRelays = new WeakMap<ServerResponse, () => void>();

function occupy(res: ServerResponse, socket: Socket): void {
  const relayDrain = (): void => void res.emit("drain");
  drainRelays.set(res, relayDrain);
  res.assignSocket(socket);
  socket.on("drain", relayDrain);
}

function vacate(res: ServerResponse, socket: Socket): void {
  const relayDrain = drainRelays.get(res);
  if (relayDrain) socket.off("drain", relayDrain);
  res.detachSocket(socket);
}
