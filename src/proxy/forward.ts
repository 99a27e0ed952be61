import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import type { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type { EngineTarget } from "../docker/engine-target.ts";
import { ApiError, asError } from "../errors.ts";
import { ask } from "./ask.ts";
import type { Question } from "./ask.ts";
import { notePassed } from "./buffer-garbage.ts";
import { announcesBody, requestHeaders, responseHeaders, type HeaderChanges } from "./headers.ts";
import { HoldEnd } from "./hold-end.ts";
import { MovableBody } from "./movable-body.ts";
import type { LiveAnswer } from "./movable-body.ts";
import { relayRaw } from "./relay-raw.ts";

/** An exchange whose body has not begun and may come from another engine. */
export interface MovableExchange {
  /** Takes it to another engine. False: not possible, nothing changed. */
  retarget(target: EngineTarget, path: string): Promise<boolean>;
  /** Keeps the body, and its end, from the client until released. */
  hold(): void;
  release(): void;
}

export interface ForwardOptions {
  /** Path and query to send, already versioned for this engine. */
  readonly path: string;
  /** Replaces the client's body, which has then been read already. */
  readonly body?: Buffer;
  /** The one `Api-Version` the client sees; undefined: what the other side says. */
  readonly apiVersion: string | undefined;
  /** What the other side is told differently from what the client said. */
  readonly headers?: HeaderChanges;
  /** Sees the engine's status and headers; the client gets them when it has resolved. */
  readonly onResponse?: (status: number, headers: IncomingHttpHeaders) => void | Promise<void>;
  /**
   * Awaited between the end of the engine's answer and the end of ours, so that the manager's state is fresh when the client
   * acts on it. An answer without body waits whole. A rejection does not harm the answer; log it where it happens.
   */
  readonly holdEnd?: () => Promise<void>;
  /** For requests and answers like `wait`: gets a handle once the headers are on their way to the client. */
  readonly onMovable?: (exchange: MovableExchange) => void;
  /** With `onMovable`: the body to end with when the engine is lost before it began. */
  readonly lastWords?: (error: Error) => string | undefined;
}

/** How an exchange ended. `headersSent: false` means the client has not received a byte: answer it, or ask another engine. */
export type ForwardOutcome =
  | { readonly kind: "done"; readonly status: number }
  | { readonly kind: "client-left" }
  | { readonly kind: "engine-failed"; readonly error: Error; readonly headersSent: boolean };

/**
 * Forwards one plain request and streams its answer back, nothing buffered, headers as soon as they are there (api.md §4.1).
 * A client that leaves ends the engine's request at any moment; an engine that dies mid-answer cuts the client's connection.
 * Resolves when the exchange has ended; never rejects for what client or engine do.
 * @throws what the target's fence throws: nothing was sent then
 */
export async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  target: EngineTarget,
  options: ForwardOptions,
): Promise<ForwardOutcome> {
  const left = new AbortController();
  const onClose = (): void => {
    if (!res.writableFinished) left.abort();
  };
  res.once("close", onClose);
  if (res.destroyed || req.socket.destroyed) left.abort();
  try {
    const question = questionOf(req, res, options);
    target.fence?.(question.method);
    const answer = await ask(target, question, res, left.signal);
    if (left.signal.aborted) return { kind: "client-left" };
    if (answer.kind === "failed" && answer.error instanceof ApiError) throw answer.error;
    if (answer.kind === "failed") return { kind: "engine-failed", error: answer.error, headersSent: false };
    try {
      await options.onResponse?.(answer.response.statusCode ?? 0, answer.response.headers);
    } catch (error) {
      answer.request.destroy();
      answer.raw?.socket.destroy();
      throw error;
    }
    return await relay(req, res, answer, question, options, left.signal);
  } finally {
    res.off("close", onClose);
  }
}

function questionOf(req: IncomingMessage, res: ServerResponse, options: ForwardOptions): Question {
  const { path, body, headers } = options;
  const question = {
    method: req.method ?? "GET",
    path,
    headers: requestHeaders(req, body?.length, headers),
    body: body ?? (announcesBody(req) ? req : undefined),
  };
  // An answer that is the client's turn now, whose end waits for nothing.
  const mayBeRaw =
    question.body !== req &&
    res.socket !== null &&
    options.holdEnd === undefined &&
    options.onMovable === undefined;
  return { ...question, wantsRaw: mayBeRaw ? (response) => isBulk(response, req) : undefined };
}

/** From so many bytes on, an answer is worth a connection of its own. */
const BULK_BYTES = 1 << 20;
/** What comes in pieces and may be much; JSON in pieces is an engine's ordinary answer. */
const BULK_TYPES = /^application\/(?:vnd\.docker\.(?:raw|multiplexed)-stream|x-tar|octet-stream)\b/i;

/** Whether an answer's body is better passed on undecoded, at the price of the pool's connection. */
function isBulk({ statusCode, headers }: IncomingMessage, { method, httpVersion }: IncomingMessage): boolean {
  if (statusCode !== 200 || method === "HEAD") return false;
  if (headers["transfer-encoding"] === undefined) return Number(headers["content-length"] ?? 0) >= BULK_BYTES;
  const isChunked = headers["transfer-encoding"].toLowerCase() === "chunked";
  return isChunked && httpVersion === "1.1" && BULK_TYPES.test(headers["content-type"] ?? "");
}

/** Streams an answer to the client, from its headers to its held end. */
async function relay(
  req: IncomingMessage,
  res: ServerResponse,
  answer: LiveAnswer,
  question: Question,
  options: ForwardOptions,
  left: AbortSignal,
): Promise<ForwardOutcome> {
  const { response } = answer;
  const status = response.statusCode ?? 500;
  const lengthBytes = lengthOf(response);
  const bodyless = req.method === "HEAD" || status === 204 || status === 304 || lengthBytes === 0;
  const closesEarly = question.body === req && !res.shouldKeepAlive;
  const releaseHeaders = (): void => {
    res.writeHead(status, response.statusMessage, responseHeaders(response, options.apiVersion));
    res.flushHeaders();
  };
  let lost: Error | undefined; // set first when the engine went first, whatever its end tears down
  const onLost = (error: Error): void => {
    if (!left.aborted) lost ??= error;
  };
  try {
    if ((answer.raw?.socket ?? response).destroyed) throw new Error("the engine closed the connection");
    if (bodyless) {
      response.once("error", onLost).resume();
      await finished(response);
      await options.holdEnd?.().catch(() => undefined);
      if (left.aborted) return { kind: "client-left" };
      releaseHeaders();
      if (closesEarly) await uploadDrained(req, answer);
      res.end();
      await finished(res);
    } else if (answer.raw !== undefined) {
      releaseHeaders();
      if (res.socket === null) throw new Error("the client left");
      await relayRaw(answer.raw, res.socket);
      res.end();
      await finished(res);
    } else {
      releaseHeaders();
      response.on("data", ({ length }: Buffer) => notePassed(length));
      const body = bodyOf(answer, question, res, options, left).once("error", onLost);
      const held = options.holdEnd ? [new HoldEnd(options.holdEnd, lengthBytes)] : [];
      const late = closesEarly ? [endAfter(() => uploadDrained(req, answer))] : [];
      await pipeline([body, ...held, ...late, res]); // destroys them all when one fails
    }
    return { kind: "done", status };
  } catch (error) {
    if (answer.raw !== undefined) {
      answer.raw.socket.destroy();
      res.destroy();
    }
    if (lost === undefined && left.aborted) return { kind: "client-left" };
    return { kind: "engine-failed", error: lost ?? asError(error), headersSent: res.headersSent };
  } finally {
    if (!answer.request.writableFinished) answer.request.destroy(); // it has answered: the rest of the upload is not for it
  }
}

/** The engine's body, or one that can still be moved to another engine. */
function bodyOf(
  answer: LiveAnswer,
  question: Question,
  res: ServerResponse,
  { onMovable, lastWords }: ForwardOptions,
  left: AbortSignal,
): Readable {
  const movable = question.body === undefined && answer.response.headers["content-length"] === undefined;
  if (!onMovable || !movable || answer.response.statusCode !== 200) return answer.response;
  const body = new MovableBody(answer, lastWords);
  onMovable({
    retarget: (target, path) => body.moveTo(() => ask(target, { ...question, path }, res, left)),
    hold: () => body.hold(),
    release: () => body.release(),
  });
  return body;
}

/** How long a client that asked for `Connection: close` may go on uploading after its answer: closing earlier would reset it. */
const drainMs = 500;

/** Passes everything on at once, but for the end, which waits. */
function endAfter(wait: () => Promise<void>): PassThrough {
  return new PassThrough({ flush: (done) => void wait().then(() => done()) });
}

async function uploadDrained(req: IncomingMessage, answer: LiveAnswer): Promise<void> {
  if (req.complete) return;
  answer.request.destroy();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), drainMs);
  await finished(req, { signal: limit.signal, cleanup: true }).catch(() => undefined);
  clearTimeout(timer);
}

function lengthOf(response: IncomingMessage): number | undefined {
  const length = response.headers["content-length"];
  return length === undefined ? undefined : Number(length);
}
