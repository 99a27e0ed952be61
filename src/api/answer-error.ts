import type { IncomingMessage, ServerResponse } from "node:http";
import { announcesBody } from "../proxy/headers.ts";
import { NoPrimaryError, RETRY_AFTER_S } from "../replication/manager-role.ts";
import { messages } from "../telemetry/messages.ts";
import { toDockerError } from "./docker-error.ts";
import type { Services } from "./services.ts";

/** An unread body up to this size is read past, and the connection goes on. Beyond it the connection ends. Bytes. */
const MAX_SKIPPED_BYTES = 256 * 1024;
/** How long a client may go on sending after its answer: closing earlier would reset the connection, and the answer be lost. */
const LINGER_MS = 1_000;

/** Answers whatever a handler threw with Docker's JSON (spec: api.md §1.1). */
export function refusal({ cluster, log }: Services) {
  return (error: unknown, req: IncomingMessage, res: ServerResponse): void => {
    const { status, body, unexpected } = toDockerError(error, (addr) => cluster.engineAt(addr)?.name);
    if (unexpected) log.error({ err: error, method: req.method, uri: req.url }, "request failed");
    else if (status >= 500) log.error({ status }, messages.httpError(body.message));
    if (res.headersSent) {
      // A cut stream is honest; one that merely ends looks complete.
      res.destroy();
      return;
    }
    if (error instanceof NoPrimaryError) res.setHeader("Retry-After", RETRY_AFTER_S);
    const text = `${JSON.stringify(body)}\n`;
    const keepsSending = isLongUpload(req);
    if (keepsSending) res.setHeader("Connection", "close");
    res.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
    if (req.method !== "HEAD") res.write(text);
    if (keepsSending) endWhenSent(req, res);
    else res.end();
  };
}

/** Is there more of the body to come than is worth reading past? */
function isLongUpload(req: IncomingMessage & { readonly upgrade?: boolean }): boolean {
  if (req.complete || !announcesBody(req) || req.upgrade === true) return false;
  const length = req.headers["content-length"];
  return length === undefined || Number(length) > MAX_SKIPPED_BYTES;
}

/** The client has its answer; the connection stays until it has stopped sending, or had its time to. */
function endWhenSent(req: IncomingMessage, res: ServerResponse): void {
  const end = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once("close", end).once("end", end).resume();
}
