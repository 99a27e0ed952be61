import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { EngineTarget } from "../docker/engine-target.ts";
import { explained } from "../docker/tls-engine-agent.ts";
import { bodyBoundary } from "./body-boundary.ts";
import { CLIENT_LEFT, ClientInput } from "./client-input.ts";
import { closeGently } from "../net/close-gently.ts";
import { rawRequestHead, type HeaderChanges } from "./headers.ts";
import type { Farewell } from "./http2-farewell.ts";
import { passOn } from "./pass-on.ts";
import { closingHead, handsOverConnection, readResponseHead } from "./raw-response.ts";
import { Replay } from "./replay.ts";
import { Splice } from "./splice.ts";
import type { EngineStream } from "./splice.ts";

export interface HijackRequest {
  readonly req: IncomingMessage;
  /** The client's connection, off Node's HTTP parser. */
  readonly socket: Socket;
  /** What came behind the request's headers, its body included. */
  readonly head: Buffer;
  readonly target: EngineTarget;
  /** Path and query to send, already versioned for this engine. */
  readonly path: string;
  /** The client did not ask for an upgrade: it may close its write side before the answer and still read it. */
  readonly legacy: boolean;
  /** What the engine is told differently from what the client said. */
  readonly headers?: HeaderChanges;
  /** Speaks to the client when the engine ends an established stream. */
  readonly farewell?: Farewell | undefined;
  /** The engine has answered, whether it handed over or not; the client hears of it now. */
  readonly onAnswered?: (status: number) => void;
  /** The engine has handed over and the client has the response head. */
  readonly onEstablished?: (splice: Splice) => void;
  /** An established stream is over and both connections are gone. */
  readonly onClosed?: () => void;
}

/**
 * How a hijack ended: a raw stream that is over, an ordinary answer that was relayed, a client that left before either, or an
 * engine that failed. With `headersSent: false` the client has received nothing and its socket is usable for an answer.
 */
export type HijackOutcome =
  | { readonly kind: "spliced" }
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "client-left" }
  | { readonly kind: "engine-failed"; readonly error: Error; readonly headersSent: boolean };

/**
 * Joins a client's connection to a fresh one of the engine: the request as the client sent it but for the path, then raw bytes
 * both ways (api.md §4.2). Until the engine has handed its connection over, it gets the request and its body only; what comes
 * behind them waits, so that no second request slips past our routing. Never rejects for what client or engine do.
 */
export async function hijack(request: HijackRequest): Promise<HijackOutcome> {
  const { req, socket: client, target, path, legacy } = request;
  client.on("error", ignore); // its "close" follows and is what we act on
  quicken(client);
  const input = new ClientInput(client, request.head);
  const replay = new Replay();
  const left = new AbortController();
  const leave = (): void => left.abort(CLIENT_LEFT);
  input.left.addEventListener("abort", leave);
  if (input.left.aborted) leave();

  let engine: Socket | undefined;
  let headersSent = false;
  const onEnd = legacy ? ignore : leave;
  try {
    const head = rawRequestHead(req, path, request.headers);
    input.flowInto({ data: (chunk) => input.keep(chunk), end: onEnd });
    const socket = (engine = await dial(target, left.signal));
    sendRequest(socket, head, input, bodyBoundary(req), replay, onEnd);
    const answer = await readResponseHead(socket, left.signal, (interim) => {
      headersSent = true;
      client.write(interim);
    });
    target.noteSuccess();
    headersSent = true;
    request.onAnswered?.(answer.status);
    if (!handsOverConnection(answer)) {
      client.write(Buffer.concat([closingHead(answer), answer.rest]));
      await relayRest(client, input, socket);
      return { kind: "answered", status: answer.status };
    }
    client.write(answer.bytes);
    const reopen = (to: EngineTarget, toPath: string): Promise<EngineStream> =>
      reopenOn(to, rawRequestHead(req, toPath, request.headers), replay, left.signal);
    const { farewell } = request;
    const splice = new Splice({
      ...{ client, input, engine: { socket, rest: answer.rest } },
      ...{ replay, reopen, farewell },
    });
    request.onEstablished?.(splice);
    await splice.closed;
    request.onClosed?.();
    return { kind: "spliced" };
  } catch (thrown) {
    engine?.destroy();
    if (left.signal.aborted) {
      client.destroy();
      return { kind: "client-left" };
    }
    const error = explained(target.agent, thrown instanceof Error ? thrown : new Error(String(thrown)));
    target.noteFailure(error);
    if (headersSent) client.destroy();
    else input.release();
    return { kind: "engine-failed", error, headersSent };
  }
}

/** Sends the request and whatever body there is, now and as it comes; keeps what comes behind the body. */
function sendRequest(
  engine: Socket,
  head: Buffer,
  input: ClientInput,
  boundary: ReturnType<typeof bodyBoundary>,
  replay: Replay,
  onEnd: () => void,
): void {
  engine.cork();
  engine.write(head);
  input.flowInto({
    data: (chunk) => {
      const { body, rest } = boundary.take(chunk);
      const roomLeft = input.keep(rest);
      if (body.length === 0) return roomLeft;
      replay.addBody(body);
      if (passOn(body, engine)) return roomLeft;
      if (roomLeft) engine.once("drain", () => input.resume());
      return false;
    },
    end: onEnd,
  });
  engine.uncork();
}

/** The rest of an ordinary answer, until the engine closes: it is told that no second request follows. */
async function relayRest(client: Socket, input: ClientInput, engine: Socket): Promise<void> {
  input.flowInto({ data: () => true, end: ignore });
  const over = new Promise<void>((resolve) => {
    input.left.addEventListener("abort", () => resolve());
    if (input.left.aborted) resolve();
  });
  input.left.addEventListener("abort", () => engine.destroy());
  engine.on("data", (chunk: Buffer) => {
    if (!passOn(chunk, client)) engine.pause();
  });
  client.on("drain", () => engine.resume());
  engine.once("end", () => closeGently(client));
  engine.once("close", () => {
    if (!engine.readableEnded) client.destroy();
  });
  engine.end();
  if (engine.destroyed) client.destroy();
  else engine.resume();
  await over;
  engine.destroy();
}

async function reopenOn(
  target: EngineTarget,
  head: Buffer,
  replay: Replay,
  signal: AbortSignal,
): Promise<EngineStream> {
  const socket = await dial(target, signal);
  try {
    socket.write(Buffer.concat([head, replay.body]));
    const answer = await readResponseHead(socket, signal, ignore);
    if (!handsOverConnection(answer)) throw new Error(`${target.name} answered ${answer.status}`);
    return { socket, rest: answer.rest };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A fresh connection, or a rejection as soon as the client has left; one that comes too late is closed. */
function dial(target: EngineTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(CLIENT_LEFT);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
      return;
    }
    target.dial().then((socket) => {
      socket.on("error", ignore); // its "close" follows and is what we act on
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) return void socket.destroy();
      quicken(socket);
      resolve(socket);
    }, reject);
  });
}

/** A stream may be silent for days, and each keystroke counts. */
function quicken(socket: Socket): void {
  socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, 30_000);
}

function ignore(): void {
  // nothing to do
}
