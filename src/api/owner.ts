import type { IncomingHttpHeaders } from "node:http";
import type { Cluster } from "../cluster/cluster.ts";
import type { ContainerRecord } from "../cluster/container-record.ts";
import type { Engine } from "../cluster/engine.ts";
import { ApiError, notFound } from "../errors.ts";
import { engineLost } from "./engine-lost.ts";
import { forward, type ForwardOptions } from "../proxy/forward.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The container a reference means, on an engine that can be asked (spec: api.md §3.1, §3.6).
 * @throws ApiError 404 `No such container: X`, 500 `Container X running on unhealthy node N`
 */
export function ownedContainer(cluster: Cluster, reference: string): ContainerRecord {
  const record = cluster.containers.resolve(reference);
  if (record === undefined) throw notFound(`No such container: ${reference}`);
  if (!record.engine.isHealthy) {
    throw new ApiError(500, `Container ${reference} running on unhealthy node ${record.engine.name}`);
  }
  return record;
}

/** What may be said about a forwarded request beyond where it goes. */
export type OwnerOptions = Pick<ForwardOptions, "body" | "holdEnd" | "onMovable" | "lastWords"> & {
  /** The engine answered with success. Called before the client hears. */
  readonly onSuccess?: (status: number, headers: IncomingHttpHeaders) => void;
};

/**
 * Sends the request on to an engine, whatever it is, and the answer back.
 * @param path unversioned, with query
 * @throws ApiError 500 when the engine could not be reached and the client has no answer yet
 */
export async function forwardTo(
  exchange: Exchange,
  cluster: Cluster,
  engine: Engine,
  path: string,
  { onSuccess, ...options }: OwnerOptions = {},
): Promise<void> {
  const outcome = await forward(exchange.req, exchange.res, engine, {
    ...options,
    path: engine.versionedPath(exchange.clientVersion, path),
    apiVersion: cluster.apiRange.max,
    onResponse: (status, headers) => {
      if (status < 300 || status === 304) onSuccess?.(status, headers);
    },
  });
  if (outcome.kind === "engine-failed" && !outcome.headersSent) {
    throw engineLost(engine, outcome.error);
  }
}

/** Forwards a request about one container to its engine under its full ID. */
export function forwardToOwner(
  exchange: Exchange,
  cluster: Cluster,
  tail: string,
  options: (record: ContainerRecord) => OwnerOptions = () => ({}),
): Promise<void> {
  const record = ownedContainer(cluster, exchange.param("name"));
  const path = `/containers/${record.id}${tail}${exchange.rawQuery}`;
  return forwardTo(exchange, cluster, record.engine, path, options(record));
}
