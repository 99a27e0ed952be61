import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { relayedClient } from "./relayed-client.ts";

/**
 * Who a client is across several connections: the subject of its certificate, else its address. Clients behind one NAT are one client; on a
 * unix socket, and on the loopback interface whichever family it is dialled by, all are. Through another manager it is who it is to that one.
 */
export function clientIdentity(req: IncomingMessage): string {
  const relayed = relayedClient(req);
  if (relayed !== undefined) return relayed.identity;
  const { socket } = req;
  if (socket instanceof TLSSocket && socket.authorized) {
    const { subject } = socket.getPeerCertificate();
    return `subject ${JSON.stringify(subject)}`;
  }
  const address = (socket.remoteAddress ?? "local").replace(/^::ffff:(?=\d+\.)/, "");
  return /^(::1$|127\.)/.test(address) ? "address loopback" : `address ${address}`;
}
