import type { Server } from "node:https";
import type { Socket } from "node:net";
import { closeGently } from "./close-gently.ts";

/** The first byte of every TLS connection: a record of the handshake. */
const HANDSHAKE_RECORD = 0x16;
/** Go's server answers just this, and so do engines (tls-and-security.md §3). */
const PLAIN_HTTP_ANSWER = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

export interface Doorkeeper {
  /** Every connection, before its first byte. */
  readonly accepted: (socket: Socket) => void;
  /** A connection that does not speak TLS; it ends. */
  readonly refused: (socket: Socket, reason: string) => void;
}

/**
 * Looks at the first byte of each connection before TLS does: whoever speaks plain HTTP is told so, in plain and nothing else; whoever
 * speaks neither is cut off. The limit for those who say nothing is the caller's. A TLS connection is not half-open; the caller may
 * change that after its handshake.
 */
export function admitTls(server: Server, { accepted, refused }: Doorkeeper): void {
  const [startTls] = server.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  if (startTls === undefined) throw new Error("this Node's TLS server takes no connections");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    accepted(socket);
    socket.on("error", () => socket.destroy());
    const leave = (): void => {
      refused(socket, "EOF");
      socket.destroy();
    };
    const look = (): void => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) return;
      socket.off("readable", look).off("end", leave).off("close", leave);
      if (first[0] === HANDSHAKE_RECORD) {
        socket.unshift(first);
        // Nobody hears when a client ends in the middle of its handshake: that must end our side as well.
        socket.allowHalfOpen = false;
        startTls.call(server, socket);
      } else if (looksLikeHttp(first[0] ?? 0)) {
        refused(socket, "client sent an HTTP request to an HTTPS server");
        socket.write(PLAIN_HTTP_ANSWER);
        closeGently(socket);
      } else {
        refused(socket, "tls: first record does not look like a TLS handshake");
        socket.destroy();
      }
    };
    socket.on("readable", look).once("end", leave).once("close", leave);
  });
}

/** A method is written in capitals. */
const looksLikeHttp = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
