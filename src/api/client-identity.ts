import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

/**
 * Who a client is across several connections: the subject of its certificate, else its address. Clients behind one NAT are one client; on a
 * unix socket all are.
 */
export function clientIdentity({ socket }: IncomingMessage): string {
  if (socket instanceof TLSSocket && socket.authorized) {
    const { subject } = socket.getPeerCertificate();
    return `subject ${JSON.stringify(subject)}`;
  }
  return `address ${socket.remoteAddress ?? "local"}`;
}
