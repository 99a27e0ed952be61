import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** A request that needs nothing of HTTP but a head, a body of known length, and one answer. */
export interface LeanRequest {
  readonly method: string;
  /** As sent, with version prefix and query. */
  readonly url: string;
  /** Everything before the body, as sent. */
  readonly head: string;
  readonly body: Buffer;
  /** To be called once. @param headers lines, each with its end */
  answer(status: number, headers: string, body: string | Buffer): void;
}

/** What a lane works for: says who serves a request with this method and URL; `undefined`: it cannot go this way. */
export type LeanHandler = (method: string, url: string) => ((request: LeanRequest) => void) | undefined;

/** Heads that ask for more than this lane can do. */
const NOT_PLAIN = /\r\n(?:upgrade|transfer-encoding|expect|trailer):|\r\nconnection: *close/i;
const LONGEST_HEAD = 64 << 10;
const NOTHING: Buffer = Buffer.alloc(0);
const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * Serves a connection as long as its requests are plain ones, without Node's HTTP server, which takes longer over a request than the
 * engine does. The first request that is not plain leaves the lane with everything behind it.
 */
export class LeanLane {
  readonly #socket: Socket;
  readonly #handler: LeanHandler;
  readonly #leave: (unread: Buffer) => void;
  #unread = NOTHING;
  #isBusy = false;
  #hasEnded = false;

  /** @param leave takes the connection over, with what was read of it and not served */
  constructor(socket: Socket, handler: LeanHandler, leave: (unread: Buffer) => void) {
    this.#socket = socket;
    this.#handler = handler;
    this.#leave = leave;
    socket.on("data", this.#onData).on("end", this.#onEnd);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    if (!this.#isBusy) this.#next();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (!this.#isBusy) this.#socket.destroy();
  };

  /** The next request, if it is here as a whole. */
  #next(): void {
    const end = this.#unread.indexOf(HEAD_END);
    if (end < 0) {
      if (this.#unread.length >= LONGEST_HEAD) this.#handOver();
      return;
    }
    const head = this.#unread.toString("latin1", 0, end + 2);
    const [, method = "", url = ""] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
    const serve = method === "" || NOT_PLAIN.test(head) ? undefined : this.#handler(method, url);
    if (serve === undefined) {
      this.#handOver();
      return;
    }
    const bodyAt = end + HEAD_END.length;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#unread.length < bodyAt + length) return;
    const body = length === 0 ? NOTHING : this.#unread.subarray(bodyAt, bodyAt + length);
    const next = bodyAt + length;
    this.#unread = next === this.#unread.length ? NOTHING : this.#unread.subarray(next);
    this.#isBusy = true;
    serve({ method, url, head, body, answer: this.#answer });
  }

  readonly #answer = (status: number, headers: string, body: string | Buffer): void => {
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${headers}Date: ${date()}\r\nConnection: keep-alive\r\n\r\n`;
    if (typeof body === "string") {
      // Of plain characters Node makes no copy before it writes them.
      const isPlain = Buffer.byteLength(body) === body.length;
      this.#socket.write(head + body, isPlain ? "latin1" : "utf8");
    } else {
      this.#socket.cork();
      this.#socket.write(head, "latin1");
      this.#socket.write(body);
      this.#socket.uncork();
    }
    this.#isBusy = false;
    if (this.#hasEnded) this.#socket.end();
    else if (this.#unread.length > 0) this.#next();
  };

  #handOver(): void {
    this.#socket.off("data", this.#onData).off("end", this.#onEnd);
    this.#leave(this.#unread);
  }
}

let dateText = "";
let dateMs = -Infinity;

/** The time of day as HTTP writes it, made once a second. */
function date(): string {
  const now = Date.now();
  if (now - dateMs >= 1000 || now < dateMs) {
    dateMs = now - (now % 1000);
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}

/** Headers as Node gives them: names in lower case, repetitions joined. */
export function headersOf(head: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of head.split("\r\n").slice(1, -1)) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    headers[name] = name in headers ? `${headers[name] ?? ""}, ${value}` : value;
  }
  return headers;
}
