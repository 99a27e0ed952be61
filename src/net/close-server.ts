import type { Server } from "node:http";
import type { Socket } from "node:net";
import { errorText } from "../errors.ts";

/**
 * Stops accepting, lets short requests finish, then cuts what is left.
 * @param sockets all open connections, kept up to date by the caller
 * @param graceMs how long requests under way may take
 */
export async function closeServer(
  server: Pick<Server, "close" | "closeIdleConnections">,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Clients keep connections in reserve that never asked anything; to Node those are not idle.
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(timer);
  for (const socket of sockets) socket.destroy();
}

/** Why an address could not be listened on, in the contract's words (spec: cli.md §5.3). */
export function bindFault(error: unknown): string {
  return isAddressInUse(error) ? "bind: address already in use" : errorText(error);
}

export function isAddressInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}
