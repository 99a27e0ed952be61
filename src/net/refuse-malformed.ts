import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { closeGently } from "./close-gently.ts";

/** Answers what is no HTTP we can read, where an answer is due, and ends the connection. */
export function refuseMalformed(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  server.prependListener("request", (req, res) => answers.set(req.socket, res));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (refused.has(socket)) return; // more of the same, and the connection is ending
    refused.add(socket);
    const answer = answers.get(socket);
    // Bytes of ours would land in the middle of another answer, or be taken for it.
    const isBusy = answer?.writableFinished === false && (answer.headersSent || answer.req.complete);
    if (isBusy || !socket.writable || SILENT.has(error.code ?? "")) {
      socket.destroy();
      return;
    }
    socket.write(badRequestHead(error.code === "HPE_HEADER_OVERFLOW"));
    closeGently(socket);
  });
}

/** The client is gone, or connected and never asked anything: HTTP clients keep such connections in reserve. */
const SILENT: ReadonlySet<string> = new Set(["ECONNRESET", "ERR_HTTP_REQUEST_TIMEOUT"]);

/** What a client gets whose request is no HTTP we can read. */
function badRequestHead(oversized: boolean): string {
  const body = `${JSON.stringify({ message: oversized ? "request headers too large" : "malformed HTTP request" })}\n`;
  const status = oversized ? "431 Request Header Fields Too Large" : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
