import type { Socket } from "node:net";

/** `address:port` of the other end; `local` on a unix socket, and when the connection is gone. */
export const remoteOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? "local" : `${remoteAddress}:${String(remotePort)}`;
