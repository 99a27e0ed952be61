import type { ClientRequest } from "node:http";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Ends an exchange nobody waits for any more, and what of it is still on its way: closing alone would leave it to the kernel, which delivers it
 * whenever the network lets it through, and a container would be removed long after its client had given up. Over TLS it is only closed.
 */
export function abandon(exchange: ClientRequest | Socket, reason?: Error): void {
  const socket = exchange instanceof Socket ? exchange : exchange.socket;
  if (socket !== null && canBeReset(socket)) socket.resetAndDestroy();
  exchange.destroy(reason);
  // A request that has its answer leaves its socket alone.
  socket?.destroy();
}

/** While its own end is being sent, and nothing else, the system refuses a reset, and Node would never close the socket. */
function canBeReset(socket: Socket): boolean {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  return !(socket instanceof TLSSocket) && !socket.destroyed && !isEnding;
}
