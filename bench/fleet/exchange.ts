import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
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

/** One request on its way through the simulated engine. */
export class Exchange {
  readonly state: EngineState;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly query: URLSearchParams;
  /** The minor of the version asked for: 41 for `/v1.41/…`, else the engine's highest. */
  readonly apiMinor: number;
  /** Set when the client asked for a switch of protocols. */
  readonly #upgrade: Duplex | undefined;
  #params: Readonly<Record<string, string>> = {};

  constructor(
    state: EngineState,
    req: IncomingMessage,
    res: ServerResponse,
    at: { query: URLSearchParams; apiMinor: number; upgrade: Duplex | undefined },
  ) {
    this.state = state;
    this.req = req;
    this.res = res;
    this.query = at.query;
    this.apiMinor = at.apiMinor;
    this.#upgrade = at.upgrade;
  }

  set params(params: Readonly<Record<string, string>>) {
    this.#params = params;
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
    const text = `${JSON.stringify(body)}\n`;
    const bytes = Buffer.byteLength(text);
    this.res.writeHead(status, { "Content-Type": "application/json", "Content-Length": bytes }).end(text);
  }

  /** 204, 304, 200 and 201 without a body. */
  empty(status: number): void {
    this.res.writeHead(status, status === 204 || status === 304 ? {} : { "Content-Length": 0 }).end();
  }

  /** Starts an answer of unknown length; the client has the headers at once. */
  stream(contentType: string): ServerResponse {
    this.res.writeHead(200, { "Content-Type": contentType });
    this.res.flushHeaders();
    return this.res;
  }

  refuse(status: number, message: string): void {
    if (this.res.headersSent) this.res.destroy();
    else this.json(status, { message });
  }

  /** The whole body. For upgrades, where Node does not parse one, as many bytes as Content-Length says. */
  async body(): Promise<Buffer> {
    if (this.#upgrade) return takeBytes(this.#upgrade, Number(this.req.headers["content-length"] ?? 0));
    const chunks: Buffer[] = [];
    for await (const chunk of this.req) chunks.push(chunk as Buffer);
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
    const socket = this.#upgrade;
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
