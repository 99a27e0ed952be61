import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { LeanRequest } from "./lean-lane.ts";
import type { EngineState } from "./state.ts";

/** An answer other than success, with dockerd's words. */
export class EngineRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "EngineRefusal";
    this.status = status;
  }
}

/** Query booleans as the engine reads them. */
export function isTrue(value: string | null): boolean {
  return value !== null && !["", "0", "no", "false", "none"].includes(value.trim().toLowerCase());
}

/** A JSON value as text; `""` for anything that is not a string. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Node's side of a request. */
export interface HttpSide {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Set when the client asked for a switch of protocols. */
  readonly upgrade: Duplex | undefined;
}

/** One request on its way through the simulated engine. */
export class Exchange {
  readonly state: EngineState;
  /** The minor of the version asked for: 41 for `/v1.41/…`, else the engine's highest. */
  readonly apiMinor: number;
  readonly #side: HttpSide | LeanRequest;
  readonly #search: string;
  readonly #params: Readonly<Record<string, string>>;
  #query: URLSearchParams | undefined;

  /** @param asked the part of the URL after `?`, the version and the path's parameters */
  constructor(
    state: EngineState,
    side: HttpSide | LeanRequest,
    asked: { search: string; apiMinor: number; params: Readonly<Record<string, string>> },
  ) {
    this.state = state;
    this.#side = side;
    this.#search = asked.search;
    this.apiMinor = asked.apiMinor;
    this.#params = asked.params;
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#search));
  }

  /** Node's request. @throws {Error} for a route of `LEAN_ROUTES`, which may not need it */
  get req(): IncomingMessage {
    return this.#http.req;
  }

  /** Node's response, with the same limit. */
  get res(): ServerResponse {
    return this.#http.res;
  }

  get method(): string {
    return "req" in this.#side ? (this.#side.req.method ?? "") : this.#side.method;
  }

  get #http(): HttpSide {
    if ("req" in this.#side) return this.#side;
    throw new Error(`${this.#side.method} ${this.#side.url} needs more than a lean route has`);
  }

  /** A path parameter, decoded. */
  param(name: string): string {
    return this.#params[name] ?? "";
  }

  flag(name: string): boolean {
    return isTrue(this.query.get(name));
  }

  /** `filters` in either of its two JSON forms. */
  filters(known?: readonly string[]): Map<string, string[]> {
    const text = this.query.get("filters");
    if (text === null || text === "") return new Map();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new EngineRefusal(400, `invalid character in filters: ${text}`);
    }
    const filters = new Map<string, string[]>();
    for (const [key, value] of Object.entries(parsed as Record<string, unknown>)) {
      if (known && !known.includes(key)) throw new EngineRefusal(400, `Invalid filter '${key}'`);
      filters.set(key, Array.isArray(value) ? value.map(String) : Object.keys(value as object));
    }
    return filters;
  }

  json(status: number, body: unknown): void {
    this.text(status, `${JSON.stringify(body)}\n`);
  }

  /** JSON that is text already. */
  text(status: number, body: string | Buffer): void {
    this.answer(
      status,
      { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
      body,
    );
  }

  /** 204, 304, 200 and 201 without a body. */
  empty(status: number): void {
    this.answer(status, status === 204 || status === 304 ? {} : { "Content-Length": 0 }, "");
  }

  /** The whole answer at once. */
  answer(status: number, headers: Readonly<Record<string, string | number>>, body: string | Buffer): void {
    // What happened is told before the answer that it happened, as dockerd does.
    this.state.events.flush();
    if ("req" in this.#side) {
      this.#side.res.writeHead(status, headers).end(body);
      return;
    }
    let lines = this.state.commonHeaders;
    for (const name in headers) lines += `${name}: ${headers[name] ?? ""}\r\n`;
    this.#side.answer(status, lines, body);
  }

  /** Starts an answer of texts, one or a few at a time: each goes out by one write. */
  texts(contentType: string): { readonly write: (text: string) => void; readonly end: () => void } {
    const res = this.stream(contentType);
    const end = (): void => void res.end();
    const { socket } = res;
    // Node would write a chunk's head, text and end one by one, a turn later.
    const write = (text: string): void =>
      void socket?.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    return { write: res.chunkedEncoding ? write : (text) => void res.write(text), end };
  }

  /** Starts an answer of unknown length; the client has the headers at once. */
  stream(contentType: string): ServerResponse {
    this.res.writeHead(200, { "Content-Type": contentType });
    this.res.flushHeaders();
    return this.res;
  }

  refuse(status: number, message: string): void {
    if ("req" in this.#side && this.#side.res.headersSent) this.#side.res.destroy();
    else this.json(status, { message });
  }

  /** The whole body. For upgrades, where Node does not parse one, as many bytes as Content-Length says. */
  async body(): Promise<Buffer> {
    if (!("req" in this.#side)) return this.#side.body;
    const { req, upgrade } = this.#side;
    if (upgrade) return takeBytes(upgrade, Number(req.headers["content-length"] ?? 0));
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /** The body as a JSON object, with dockerd's texts for what is not one. */
  async jsonBody(optional = false): Promise<Record<string, unknown>> {
    const text = (await this.body()).toString();
    if (text.trim() === "" && optional) return {};
    const status = this.apiMinor >= 42 ? 400 : 500;
    if (text.trim() === "") throw new EngineRefusal(status, "EOF");
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
    } catch {
      // Told below.
    }
    throw new EngineRefusal(status, "unexpected EOF");
  }

  /**
   * Hijacks the connection as attach and exec start do: 101 when the client asked for an upgrade, else (`Upgrade: legacy`, put
   * there by the listener) a bare 200; raw bytes follow in both cases. A later request on a kept-alive connection without
   * upgrade gets output only.
   */
  hijack(contentType: string): Duplex | ServerResponse {
    const socket = this.#http.upgrade;
    if (!socket) {
      this.res.useChunkedEncodingByDefault = false;
      this.res.shouldKeepAlive = false;
      return this.stream(contentType);
    }
    const legacy = (this.req.headers.upgrade ?? "").includes("legacy");
    this.res.detachSocket(this.req.socket);
    socket.write(
      legacy
        ? `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n\r\n`
        : `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    return socket;
  }

  /** Runs once when the client is gone or the answer is complete. */
  onClose(left: () => void): void {
    this.res.once("close", left);
  }
}

function takeBytes(socket: Duplex, count: number): Promise<Buffer> {
  if (count === 0) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const onReadable = (): void => {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes) done(() => resolve(bytes));
    };
    const onEnd = (): void => done(() => reject(new EngineRefusal(400, "unexpected EOF")));
    const done = (then: () => void): void => {
      socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd);
      then();
    };
    socket.on("readable", onReadable).on("end", onEnd).on("close", onEnd);
    onReadable();
  });
}
