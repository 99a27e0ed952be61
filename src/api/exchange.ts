import type { IncomingMessage, ServerResponse } from "node:http";

/** One request and its answer, as handlers see them. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** From the path prefix, `1.41`; undefined when there was none. */
  readonly clientVersion: string | undefined;
  readonly query: URLSearchParams;
  /** As it came, with its question mark; `""` when there is none. */
  readonly rawQuery: string;
  /** A percent-decoded part of the path. */
  param(name: string): string;
  /** Undefined: nobody keeps a record of this request. */
  readonly audit?: AuditNotes;
  /** Asks again whether a create may use what it names, since much may happen while its image comes. @throws ApiError */
  readonly recheck?: () => void;
}

/** What handlers tell the audit log beyond the request itself. */
export interface AuditNotes {
  note(facts: AuditFacts): void;
  /** The client's connection became a raw stream, or carries the engine's own answer: nothing more is said of it in HTTP. */
  opened(status: number): void;
}

/** Things a request is about, by their IDs or names. Never secrets. */
export interface AuditFacts {
  readonly container?: string;
  /** The container's. */
  readonly name?: string;
  readonly node?: string;
  readonly image?: string;
  readonly exec?: string;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** One line of a route table. Paths are Express 5's: `*name` matches any text, slashes included. */
export interface Route {
  readonly method: "get" | "post" | "put" | "delete" | "head";
  readonly path: string;
  readonly handle: Handler;
  /** Takes over the connection: attach, exec start. Such requests are recognised before their body is parsed as HTTP. */
  readonly hijack?: true;
}

/** Docker's truth: everything but these is true (api.md §1). */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = (query.get(name) ?? "").trim().toLowerCase();
  return !["", "0", "no", "false", "none"].includes(value);
}

/** An integer parameter; anything unreadable is 0 (api.md §1). */
export function integer(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  const value = Number(text);
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(value) ? value : 0;
}

/** A single header's value. */
export function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Answers with JSON and a newline, as engines do. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  sendJsonText(res, status, JSON.stringify(body));
}

/** The same, for a body that is JSON text already. */
export function sendJsonText(res: ServerResponse, status: number, json: string): void {
  const text = `${json}\n`;
  res.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  res.end(text);
}

/** Answers without a body. */
export function sendStatus(res: ServerResponse, status: number): void {
  res.writeHead(status, status === 204 || status === 304 ? {} : { "Content-Length": 0 });
  res.end();
}
