import type { Cluster } from "../cluster/cluster.ts";
import type { Engine } from "../cluster/engine.ts";
import { ApiError } from "../errors.ts";
import { forward } from "../proxy/forward.ts";
import { engineLost } from "./engine-lost.ts";
import type { Exchange } from "./exchange.ts";

export interface ForwardToFirstOptions {
  /** The client's body, when it had to be read, or may have to be sent to several engines. */
  readonly body?: Buffer | undefined;
  /** Awaited between the end of the engine's answer and the end of ours. */
  readonly holdEnd?: (engine: Engine) => Promise<void>;
}

/**
 * Forwards a request to the first of these engines that can be reached; one that is lost before it answered makes way for the next
 * (images-networks-volumes.md A10). Only for what may be done twice: the lost one may have done it. What an engine answers is final.
 * @param path unversioned, with query
 * @throws ApiError 500 when none could be reached
 */
export async function forwardToFirst(
  { req, res, clientVersion }: Exchange,
  cluster: Cluster,
  engines: Iterable<Engine>,
  path: string,
  { body, holdEnd }: ForwardToFirstOptions = {},
): Promise<void> {
  let lost: ApiError | undefined;
  for (const engine of engines) {
    const outcome = await forward(req, res, engine, {
      path: engine.versionedPath(clientVersion, path),
      apiVersion: cluster.apiRange.max,
      ...(body === undefined ? {} : { body }),
      ...(holdEnd === undefined ? {} : { holdEnd: () => holdEnd(engine) }),
    });
    if (outcome.kind !== "engine-failed" || outcome.headersSent) return;
    lost = engineLost(engine, outcome.error);
  }
  throw lost ?? new ApiError(500, "No healthy node available in the cluster");
}
