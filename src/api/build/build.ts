import { once } from "node:events";
import type { Engine } from "../../cluster/engine.ts";
import { CANCELLED, EngineUnreachableError } from "../../docker/engine-client.ts";
import { jsonTexts } from "../../docker/json-stream.ts";
import { ApiError } from "../../errors.ts";
import { announcesBody } from "../../proxy/headers.ts";
import { clientLeft } from "../client-left.ts";
import type { Exchange } from "../exchange.ts";
import { ProgressStream } from "../progress-stream.ts";
import type { Services } from "../services.ts";
import { readBuildQuery, type BuildQuery } from "./build-query.ts";
import { healthyAt, nodeForBuild, nodeForClient, pinnedNode } from "./builder-node.ts";
import { BUILD_WAIT_MS } from "./builders.ts";
import { failureHint, readBuildMessage } from "./classic-output.ts";
import { refreshImages } from "./refresh-images.ts";

/**
 * `POST /build`: chooses a node, streams the context to it and its output back (spec: api.md §8). The context is never kept. A request the
 * engine refuses before it has said anything keeps the engine's status; later failures are the stream's last line, as always with builds.
 */
export async function build(services: Services, exchange: Exchange): Promise<void> {
  const { res, req } = exchange;
  const gone = clientLeft(res);
  const asked = readBuildQuery(exchange.query);
  const { engine, end } = await beginOnNode(services, exchange, asked, gone);
  try {
    const output = await engine.client.stream({
      method: "POST",
      path: engine.versionedPath(exchange.clientVersion, `/build?${asked.sent.toString()}`),
      headers: sentHeaders(exchange),
      signal: gone,
      ...(announcesBody(req) ? { upload: req } : {}),
    });
    engine.noteSuccess();
    if (asked.builder === "classic") await relayClassic(exchange, engine, output, asked.quiet);
    else await relayUnchanged(exchange, engine, output, gone);
  } catch (error) {
    noteIfLost(engine, error);
    if (!gone.aborted) throw error;
    await refreshImages(engine);
  } finally {
    end();
    // The engine may have answered without reading everything; what is left must not hold up the client's connection.
    if (!req.complete) req.unpipe().resume();
  }
}

/** Where the build goes, noted from now on: the rest of it follows (api.md §8.3). */
async function beginOnNode(
  services: Services,
  exchange: Exchange,
  asked: BuildQuery,
  gone: AbortSignal,
): Promise<{ readonly engine: Engine; readonly end: () => void }> {
  const { cluster, builders } = services;
  if (asked.uploadFor !== undefined) {
    const addr = await builders.builds.wait(asked.uploadFor, BUILD_WAIT_MS, gone);
    const engine = addr === undefined ? undefined : cluster.engineAt(addr);
    if (engine === undefined) throw new ApiError(500, "timeout waiting for build to start");
    return { engine, end: () => undefined };
  }
  const session = asked.sessionId === "" ? undefined : builders.sessions.get(asked.sessionId);
  const sessionNode = healthyAt(cluster, session);
  if (sessionNode !== undefined) {
    const engine = pinnedNode(cluster, asked.placement, sessionNode);
    return { engine, end: builders.begin(asked, engine) };
  }
  if (asked.builder === "classic" || asked.choosy) {
    const engine = nodeForBuild(services, exchange, asked.placement);
    return { engine, end: builders.begin(asked, engine) };
  }
  const client = nodeForClient(services, exchange);
  try {
    const ended = builders.begin(asked, client.engine);
    return { engine: client.engine, end: () => (ended(), void client.end()) };
  } catch (error) {
    client.end();
    throw error;
  }
}

/** What the engine is to know of the client's headers. */
function sentHeaders({ req }: Exchange): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, key] of SENT_HEADERS) {
    const value = req.headers[key];
    if (typeof value === "string") headers[name] = value;
  }
  return headers;
}

/** `Content-Type` is spelled as the client library looks for it. */
const SENT_HEADERS = [
  ["Content-Type", "content-type"],
  ["Content-Encoding", "content-encoding"],
  ["X-Registry-Config", "x-registry-config"],
  ["X-Registry-Auth", "x-registry-auth"],
] as const;

/** The classic builder's output, each message with the node's name as its `id`; then a last word on how it went. */
async function relayClassic(
  { res }: Exchange,
  engine: Engine,
  output: AsyncIterable<Uint8Array>,
  quiet: boolean,
): Promise<void> {
  const progress = new ProgressStream(res);
  const node = quiet ? undefined : engine.name;
  let failure: string | undefined;
  try {
    for await (const text of jsonTexts(output)) {
      const read = readBuildMessage(text, node);
      if (read.kind === "pass") await progress.line(read.message);
      else if (read.kind === "failed") failure = read.text;
    }
  } catch (error) {
    if (progress.left.aborted) throw error;
    failure = lostWhileBuilding(engine, error);
  }
  await refreshImages(engine);
  const hint = failure === undefined ? undefined : failureHint(failure);
  if (hint !== undefined) await progress.line({ id: engine.name, status: hint });
  if (node !== undefined) await progress.line({ id: node });
  progress.end(failure === undefined ? undefined : `Failed to build image: ${failure}`);
}

/** BuildKit's output, byte for byte. */
async function relayUnchanged(
  { res }: Exchange,
  engine: Engine,
  output: AsyncIterable<Uint8Array>,
  gone: AbortSignal,
): Promise<void> {
  res.writeHead(200, { "Content-Type": "application/json" });
  res.flushHeaders();
  let lastWord = "";
  try {
    for await (const chunk of output) {
      if (!res.write(chunk)) await once(res, "drain", { signal: gone });
    }
  } catch (error) {
    if (gone.aborted) throw error;
    const text = `Failed to build image: ${lostWhileBuilding(engine, error)}`;
    // The engine may have been lost in the middle of a line.
    lastWord = `\n${JSON.stringify({ error: text, errorDetail: { code: 1, message: text } })}\n`;
  }
  await refreshImages(engine);
  res.end(lastWord);
}

function lostWhileBuilding(engine: Engine, error: unknown): string {
  if (!(error instanceof EngineUnreachableError)) throw error;
  noteIfLost(engine, error);
  return `${engine.name}: ${error.message}`;
}

function noteIfLost(engine: Engine, error: unknown): void {
  if (error instanceof EngineUnreachableError && error.code !== CANCELLED) engine.noteFailure(error);
}
