import type { ClientRequest } from "node:http";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Ends an exchange nobody waits for any more, and what of it is still on its way: closing alone would leave it to the kernel, which delivers it
 * whenever the network lets it through, and a container would be removed long after its client had given up. Over TLS it is only closed.
 */
export function abandon(exchange: ClientRequest | Socket, reason?: Error): void {
  const socket = exchange instanceof Socket ? exchange : exchange.socket;
  if (socket !== null && !(socket instanceof TLSSocket) && !socket.destroyed) socket.resetAndDestroy();
  exchange.destroy(reason);
}
