import type { Socket } from "node:net";

/**
 * Ends our side at once and the connection soon: what was written is delivered although the peer may still be sending.
 * Destroying a socket with unread input makes the kernel reset it, and a reset discards output on its way.
 * @param lingerMs how long the peer may keep its side open after it was told that nothing more comes
 */
export function closeGently(socket: Socket, lingerMs = 1000): void {
  if (socket.destroyed) return;
  socket.resume();
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("close", () => clearTimeout(timer));
  });
}
