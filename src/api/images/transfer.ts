import type { Engine } from "../../cluster/engine.ts";
import { forEachLimited } from "../../cluster/for-each-limited.ts";
import { EngineResponseError, EngineUnreachableError } from "../../docker/engine-client.ts";
import { jsonTexts } from "../../docker/json-stream.ts";
import { ApiError, errorText } from "../../errors.ts";
import { UploadFanOut, type UploadFanOutOptions } from "../../proxy/upload-fan-out.ts";
import type { Exchange } from "../exchange.ts";
import { ProgressStream } from "../progress-stream.ts";
import type { Services } from "../services.ts";
import { closingError, errorOf } from "./transfer-lines.ts";
import type { NodeOutcome, ProgressMessage, TransferLines } from "./transfer-lines.ts";

/** One request that goes to many engines, whose answers are one stream. */
export interface Transfer {
  readonly lines: TransferLines;
  /** Unversioned, with query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Healthy or not; those that are not are skipped, and the client is told. */
  readonly engines: readonly Engine[];
  /** Known before any engine is asked: every node's part fails with it. */
  readonly problem?: string | undefined;
}

/** What a node is called; one that never answered has only its address. */
const nameOf = ({ name, addr }: Engine): string => (name === "" ? addr : name);

/**
 * The same request to several engines, so many at a time, and their answers as they come.
 * @throws ApiError 500 when no node can be asked; whatever happens later is said in the stream
 */
export async function transferToNodes(
  services: Services,
  exchange: Exchange,
  transfer: Transfer,
  atOnce: number,
): Promise<void> {
  const healthy = healthyOf(transfer);
  const progress = new ProgressStream(exchange.res);
  await tellSkipped(progress, transfer);
  const outcomes: NodeOutcome[] = [];
  await forEachLimited(healthy, atOnce, async (engine) => {
    if (!progress.left.aborted) outcomes.push(await onNode(services, exchange, transfer, engine, progress));
  });
  progress.end(closingError(outcomes));
}

/**
 * The client's body to several engines at once, read once; nothing is kept beyond the window of {@link UploadFanOut}.
 * @throws ApiError 500 when no node can be asked; whatever happens later is said in the stream
 */
export async function uploadToNodes(
  services: Services,
  exchange: Exchange,
  transfer: Transfer,
  options?: UploadFanOutOptions,
): Promise<void> {
  const healthy = healthyOf(transfer);
  const upload = new UploadFanOut(exchange.req, options);
  const branches = healthy.map((engine) => ({ engine, branch: upload.branch() }));
  const progress = new ProgressStream(exchange.res);
  // Not awaited before the upload flows: there are clients that read nothing until they have sent all.
  const told = tellSkipped(progress, transfer);
  const outcomes = Promise.all(
    branches.map(({ engine, branch }) => onNode(services, exchange, transfer, engine, progress, branch)),
  );
  upload.start();
  await told;
  progress.end(closingError(await outcomes));
}

function healthyOf({ engines }: Transfer): readonly Engine[] {
  const healthy = engines.filter(({ isHealthy }) => isHealthy);
  if (healthy.length === 0) {
    throw new ApiError(
      500,
      engines.length === 0 ? "no node available in the cluster" : "No healthy node available in the cluster",
    );
  }
  return healthy;
}

/** A node that is down does not make the transfer fail (A13), but nobody shall believe that it has the image. */
async function tellSkipped(progress: ProgressStream, { engines, lines }: Transfer): Promise<void> {
  const skipped = engines
    .filter(({ isHealthy }) => !isHealthy)
    .map((engine) => lines.failed(nameOf(engine), `skipped, the node is ${engine.state}`));
  for (const line of skipped) await progress.line(line);
}

/** One node's part, from its first line to its last. Never rejects. */
async function onNode(
  { log }: Services,
  { clientVersion }: Exchange,
  { lines, path, headers = {}, problem }: Transfer,
  engine: Engine,
  progress: ProgressStream,
  upload?: ReturnType<UploadFanOut["branch"]>,
): Promise<NodeOutcome> {
  const node = nameOf(engine);
  try {
    if (lines.started) await progress.line(lines.started(node));
    if (problem !== undefined) throw new TransferError(problem);
    const answer = await engine.client.stream({
      method: "POST",
      path: engine.versionedPath(clientVersion, path),
      headers,
      upload,
      signal: progress.left,
    });
    for await (const text of jsonTexts(answer)) {
      const message = parsed(text);
      if (message === undefined) continue;
      const error = errorOf(message);
      if (error !== undefined) throw new TransferError(lines.streamError(error));
      await progress.line(lines.message(node, message));
    }
    engine.noteSuccess();
    await engine.cache.refreshImages().catch((err: unknown) => {
      log.debug({ err, engine: engine.name }, "images not read again after a transfer");
    });
    if (lines.finished) await progress.line(lines.finished(node));
    return { kind: "done" };
  } catch (error) {
    const { text, unreachable } = explain(error, upload?.errored ?? undefined);
    if (!progress.left.aborted) {
      log.warn({ engine: node, failure: text }, "a node's part in an image transfer failed");
      if (unreachable) engine.noteFailure(error);
    }
    const otherPlatform = lines.otherPlatform(text);
    await progress.line(lines.failed(node, otherPlatform ?? text));
    return {
      kind: "failed",
      node,
      text: otherPlatform ?? text,
      otherPlatform: otherPlatform !== undefined,
    };
  } finally {
    // With an error: an upload that merely ended would look complete.
    if (upload?.readableEnded === false) upload.destroy(new Error("the engine wants no more of the upload"));
  }
}

/** An engine's refusal in the middle of its stream, or ours before it was asked. */
class TransferError extends Error {}

/** @param dropped why the upload to this engine was ended on our side, if it was: what the engine's client says then is only the consequence */
function explain(error: unknown, dropped: Error | undefined): { text: string; unreachable: boolean } {
  if (error instanceof EngineResponseError)
    return { text: `Error response from daemon: ${error.message}`, unreachable: false };
  if (error instanceof TransferError) return { text: error.message, unreachable: false };
  if (dropped !== undefined) return { text: dropped.message, unreachable: false };
  return { text: errorText(error), unreachable: error instanceof EngineUnreachableError };
}

function parsed(text: string): ProgressMessage | undefined {
  try {
    return JSON.parse(text) as ProgressMessage;
  } catch {
    return undefined;
  }
}
