import type { IncomingMessage } from "node:http";

/** Headers which belong to one connection, not to the message (RFC 9110 §7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** What a request loses and gets on its way, beside what belongs to the hop; names in lower case. */
export interface HeaderChanges {
  readonly drop: readonly string[];
  readonly add: Readonly<Record<string, string>>;
}

const UNCHANGED: HeaderChanges = { drop: [], add: {} };

/** Name and value pairs of a message as they were received: order, case and repeats kept. */
function* rawPairs(message: IncomingMessage): Generator<[name: string, value: string]> {
  const raw = message.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i] ?? "", raw[i + 1] ?? ""];
}

/** The pairs that travel on, without those of the hop, the ones `Connection` names, and `dropped`. */
function* travellingPairs(
  message: IncomingMessage,
  dropped: readonly string[],
): Generator<[name: string, value: string]> {
  const named = (message.headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const pair of rawPairs(message)) {
    const name = pair[0].toLowerCase();
    if (!hopByHop.has(name) && !named.includes(name) && !dropped.includes(name)) yield pair;
  }
}

/**
 * What the engine is told about a forwarded request, names in lower case. The framing of the body stays the client's, unless
 * the body is replaced; it is what Node read the body by, and no `Connection` takes it away: without it the body would be the
 * next request to the engine, which nobody has looked at. `Expect` goes: the client has had its 100 from us, and the upload
 * starts at once.
 * @param replacedBytes length of the body that replaces the client's
 */
export function requestHeaders(
  req: IncomingMessage,
  replacedBytes: number | undefined,
  { drop, add }: HeaderChanges = UNCHANGED,
): Record<string, string | string[]> {
  const headers = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of travellingPairs(req, ["expect", "content-length", ...drop])) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : [before, value].flat();
  }
  if (replacedBytes !== undefined) headers["content-length"] = String(replacedBytes);
  else if (req.headers["transfer-encoding"] !== undefined) {
    headers["transfer-encoding"] = req.headers["transfer-encoding"];
  } else if (req.headers["content-length"] !== undefined) {
    headers["content-length"] = req.headers["content-length"];
  }
  return Object.assign(headers, add);
}

/** Whether a request announces a body at all. */
export function announcesBody(req: IncomingMessage): boolean {
  return req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
}

/**
 * The engine's response headers for `writeHead`, raw and in order, with exactly one `Api-Version` (api.md §10.2).
 * @param apiVersion undefined: whoever answered has set it
 */
export function responseHeaders(response: IncomingMessage, apiVersion: string | undefined): string[] {
  if (apiVersion === undefined) return [...travellingPairs(response, [])].flat();
  return [...travellingPairs(response, ["api-version"]), ["Api-Version", apiVersion]].flat();
}

/**
 * The request line and headers as the client sent them, but for the path and the changes: what starts a spliced stream.
 * @throws Error when the path would break the request line
 */
export function rawRequestHead(
  req: IncomingMessage,
  path: string,
  { drop, add }: HeaderChanges = UNCHANGED,
): Buffer {
  if (!/^\/[\x21-\x7e\x80-\xff]*$/.test(path)) throw new Error("request path contains unescaped characters");
  const lines = [`${req.method ?? "GET"} ${path} HTTP/1.1`];
  for (const [name, value] of rawPairs(req)) {
    if (!drop.includes(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  for (const [name, value] of Object.entries(add)) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
