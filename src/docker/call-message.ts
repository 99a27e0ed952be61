import { validateHeaderName, validateHeaderValue } from "node:http";

/** A request with a body that is at hand, or none. */
export interface CallMessage {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Renders a request for one write to its connection.
 * @param host the value of the `Host` header
 * @returns text as Latin-1, unless there is more than that in it
 * @throws TypeError when path or headers hold what would end the line or the request
 */
export function callMessage(host: string, { method, path, body, headers }: CallMessage): string | Buffer {
  if (/[^\x21-\xff]/.test(path))
    throw Object.assign(new TypeError("Request path contains unescaped characters"), {
      code: "ERR_UNESCAPED_CHARACTERS",
    });
  let head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? "";
    validateHeaderName(name);
    validateHeaderValue(name, value);
    head += `${name}: ${value}\r\n`;
  }
  if (body === undefined) return `${head}${method === "POST" ? "Content-Length: 0\r\n" : ""}\r\n`;
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  if (headers?.["Content-Type"] === undefined) head += "Content-Type: application/json\r\n";
  head += `Content-Length: ${bytes}\r\n\r\n`;
  // One byte each: both are the same in UTF-8 and Latin-1.
  if (bytes === text.length) return head + text;
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(text)]);
}
