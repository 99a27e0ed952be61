import { IncomingMessage } from "node:http";
import { inheritRelayed } from "../../relayed-client.ts";

/** Headers that spoke of the body as it came. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  "content-length",
  "content-encoding",
  "content-type",
  "expect",
  "trailer",
  "transfer-encoding",
]);

/** The same request with another body: what a handler reads, or sends on, is exactly this. */
export function withBody(req: IncomingMessage, body: object): IncomingMessage {
  const bytes = Buffer.from(JSON.stringify(body));
  const replayed = new IncomingMessage(req.socket);
  const { method, url, httpVersion } = req;
  Object.assign(replayed, { method, url, httpVersion });
  const raw = req.rawHeaders.flatMap((name, n) =>
    n % 2 === 0 && !OF_THE_BODY.has(name.toLowerCase()) ? [name, req.rawHeaders[n + 1] ?? ""] : [],
  );
  const length = String(bytes.length);
  replayed.rawHeaders = [...raw, "Content-Type", "application/json", "Content-Length", length];
  const kept = Object.entries(req.headers).filter(([name]) => !OF_THE_BODY.has(name));
  replayed.headers = {
    ...Object.fromEntries(kept),
    "content-type": "application/json",
    "content-length": length,
  };
  inheritRelayed(req, replayed);
  replayed.complete = true;
  replayed.push(bytes);
  replayed.push(null);
  return replayed;
}
