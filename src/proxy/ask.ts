import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Stream } from "node:stream";
import httpProxy from "http-proxy";
import type { EngineTarget } from "../docker/engine-target.ts";
import { httpToHttpsText } from "../docker/engine-tls-error.ts";
import { ApiError } from "../errors.ts";
import { explained, TlsEngineAgent } from "../docker/tls-engine-agent.ts";
import { abandon } from "../net/abandon.ts";
import { notePassed } from "./buffer-garbage.ts";
import { handOver, type HandedOver } from "./hand-over.ts";

/** One request to one engine. */
export interface Question {
  readonly method: string;
  /** Versioned path and query. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  /** A stream is piped as it comes and can be sent once; a Buffer, or nothing, can be sent again. */
  readonly body: IncomingMessage | Buffer | undefined;
  /** Whether the connection itself is wanted behind this answer's head; see `handOver`. */
  readonly wantsRaw?: ((response: IncomingMessage) => boolean) | undefined;
}

/**
 * The engine's response headers have arrived, the body is still paused; or they never will. With `raw` the body comes from there, and the
 * connection is no longer the request's.
 */
export type Answer =
  | {
      readonly kind: "answer";
      readonly request: ClientRequest;
      readonly response: IncomingMessage;
      readonly raw?: HandedOver;
    }
  | { readonly kind: "failed"; readonly error: Error };

const proxy = httpProxy.createProxyServer({ selfHandleResponse: true, toProxy: true, prependPath: false });
proxy.on("proxyRes", (response, message) => {
  if (message instanceof OutgoingMessage) message.answered(response);
});

/**
 * Sends one request through http-proxy and resolves with its answer; never rejects. A pooled connection which the engine had
 * already closed costs a request that only reads nothing: it is repeated once, on a fresh connection. Tells the target how it went.
 * @param res only handed to http-proxy, which looks whether it has ended
 * @param signal destroys the request whenever it fires, also while headers are awaited
 */
export async function ask(
  target: EngineTarget,
  question: Question,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<Answer> {
  const { cuts } = target;
  let answer = await askOnce(target, question, res, signal);
  // The engine may have received what it never answered, so only what may be done twice is. A connection we cut ourselves was not stale.
  const repeatable = REPEATABLE.has(question.method) && question.body === undefined && target.cuts === cuts;
  if (answer.kind === "failed" && answer.stale && repeatable && !signal.aborted) {
    dropIdleConnections(target.agent); // the others are as old as the one that failed
    answer = await askOnce(target, question, res, signal);
  }
  if (answer.kind === "answer") target.noteSuccess();
  else if (!signal.aborted && !(answer.error instanceof ApiError)) target.noteFailure(answer.error);
  return answer;
}

const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

type FirstAnswer = Exclude<Answer, { kind: "failed" }> | { kind: "failed"; error: Error; stale: boolean };

function askOnce(target: EngineTarget, question: Question, res: ServerResponse, signal: AbortSignal) {
  return new Promise<FirstAnswer>((resolve) => {
    let request: ClientRequest | undefined;
    const failed = (error: Error & { code?: string }): void => {
      const reset = error.code === "ECONNRESET" || error.code === "EPIPE";
      const stale = reset && request?.reusedSocket === true;
      resolve({ kind: "failed", error: explained(target.agent, error), stale });
    };
    const message = new OutgoingMessage(
      question,
      (created) => {
        request = created;
        created.path = question.path; // http-proxy collapsed `//`; node has checked the characters
        abandonOnAbort(created, signal);
        const { adopt } = target;
        if (adopt && question.wantsRaw)
          handOver(created, question.wantsRaw, (raw) => {
            adopt(raw.socket);
            raw.socket.on("error", () => undefined); // its "close" follows, for whoever relays it
            abandonOnAbort(raw.socket, signal);
            resolve({ kind: "answer", request: created, response: raw.response, raw });
          });
        sendBody(created, question.body);
      },
      (response) => {
        if (request === undefined) return;
        if (answersTls(target.agent, response)) {
          request.destroy();
          resolve({ kind: "failed", error: new Error(httpToHttpsText), stale: false });
        } else resolve({ kind: "answer", request, response });
      },
    );
    try {
      const { host, port, agent } = target;
      const options = {
        method: question.method,
        agent,
        // Whom to trust is the agent's business: it takes nothing from the request.
        target: { protocol: agent instanceof TlsEngineAgent ? "https:" : "http:", host, port },
        buffer: message.body,
        ssl: {},
      };
      // http-proxy reads `headers`, `url` and `socket` of its request, and listens for `aborted` and `error`: no more.
      proxy.web(message as unknown as IncomingMessage, res, options, failed);
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/**
 * An engine that serves TLS by now answers plain HTTP too, to say so: that is no contact. Docker's own answers carry its name, and are
 * never HTTP/1.0 to us.
 */
function answersTls(agent: Agent, { statusCode, httpVersion, headers }: IncomingMessage): boolean {
  const plain = !(agent instanceof TlsEngineAgent);
  return plain && statusCode === 400 && httpVersion === "1.0" && headers["api-version"] === undefined;
}

/**
 * The request as http-proxy sees it: already cleaned headers, and a body that is only a `pipe`, which http-proxy calls right
 * after it created the outgoing request and before anything is sent. It has no `method`, because http-proxy 1.18 drops
 * chunked bodies of DELETE requests when it sees one; the method goes in the options.
 */
class OutgoingMessage extends EventEmitter {
  readonly url: string;
  readonly headers: Record<string, string | string[]>;
  readonly socket = { destroyed: false };
  readonly body: Stream;
  readonly answered: (response: IncomingMessage) => void;

  constructor(
    question: Question,
    created: (request: ClientRequest) => void,
    answered: (response: IncomingMessage) => void,
  ) {
    super();
    this.url = question.path;
    this.headers = question.headers;
    this.answered = answered;
    this.body = { pipe: created } as unknown as Stream;
  }
}

/** Starts the upload at once; headers do not wait for the first body byte. */
function sendBody(request: ClientRequest, body: Question["body"]): void {
  if (body === undefined || Buffer.isBuffer(body)) {
    request.end(body);
    return;
  }
  request.flushHeaders();
  body.pipe(request);
  const count = ({ length }: Buffer): void => notePassed(length);
  body.on("data", count);
  // An engine that stops listening must not stop the client's upload: node reads the client's next request only after it.
  request.once("close", () => {
    body.off("data", count).unpipe(request);
    body.resume();
  });
}

function abandonOnAbort(exchange: ClientRequest | Socket, signal: AbortSignal): void {
  const end = (): void => abandon(exchange);
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  exchange.once("close", () => signal.removeEventListener("abort", end));
}

function dropIdleConnections(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
