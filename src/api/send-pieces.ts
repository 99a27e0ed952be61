import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Handed to the connection at once, bytes; the rest waits until it took them. */
const BATCH_BYTES = 2 * 1024 * 1024;

/**
 * Answers with JSON in pieces, which are sent as they are: a client that reads slowly costs no copy of them.
 * Resolves when the last one is handed over, or the client has left.
 * @param pieces together one JSON text with a newline
 */
export async function sendJsonPieces(
  res: ServerResponse,
  status: number,
  pieces: readonly Buffer[],
): Promise<void> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  res.writeHead(status, { "Content-Type": "application/json", "Content-Length": length });
  let at = 0;
  while (at < pieces.length && !res.destroyed) {
    res.cork();
    let room = true;
    for (let sent = 0; sent < BATCH_BYTES;) {
      const piece = pieces[at];
      if (piece === undefined) break;
      room = res.write(piece);
      sent += piece.length;
      at += 1;
    }
    res.uncork();
    if (!room && at < pieces.length) await drained(res);
  }
  res.end();
}

/** The connection took all it was given, or is gone. */
async function drained(res: ServerResponse): Promise<void> {
  if (res.destroyed || !res.writableNeedDrain) return;
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(res, "drain", { signal }), once(res, "close", { signal })])
    .catch(() => undefined)
    .finally(() => settled.abort());
}
