import type { Engine } from "../cluster/engine.ts";
import { atLeast } from "../docker/api-version.ts";
import { EngineResponseError } from "../docker/engine-client.ts";
import { badRequest } from "../errors.ts";
import { sendJson, type Exchange } from "./exchange.ts";
import { fanOut } from "./fan-out.ts";
import type { Services } from "./services.ts";
import { diskUsageKinds, mergeDiskUsage, type EngineDiskUsage } from "./views/disk-usage.ts";
import type { DiskUsageKind } from "./views/disk-usage.ts";
import { addWarnings } from "./warnings.ts";

/**
 * `GET /system/df`: what all healthy nodes say, as one (api.md §10.3). Nodes that cannot be asked are left out, with a line in the log and a
 * warning beside the answer.
 */
export async function diskUsage({ cluster, log }: Services, exchange: Exchange): Promise<void> {
  const { res, clientVersion, query, rawQuery } = exchange;
  const kinds = askedKinds(query, clientVersion ?? cluster.apiRange.max);
  const { answers, failures } = await fanOut(cluster, cluster.healthy(), (engine) =>
    measure(engine, engine.versionedPath(clientVersion, `/system/df${rawQuery}`)),
  );
  const others = [...cluster.members()].filter(({ isHealthy }) => !isHealthy);
  const missing = [...failures, ...others.map(({ name }) => `${name}: not healthy`)];
  for (const failure of missing) log.warn({ failure }, "a node's disk usage is left out");
  addWarnings(res, missing);
  sendJson(
    res,
    200,
    mergeDiskUsage(
      answers.map(({ engine, answer }) => ({ node: engine, usage: answer })),
      {
        kinds,
        clientVersion,
        nowMs: Date.now(),
        find: (id) => cluster.containers.resolve(id),
      },
    ),
  );
}

/** @throws ApiError 400 `unknown object type: x` */
function askedKinds(query: URLSearchParams, version: string): ReadonlySet<DiskUsageKind> {
  const types = atLeast(version, "1.42") ? query.getAll("type") : [];
  if (types.length === 0) return new Set(diskUsageKinds);
  return new Set(
    types.map((type) => {
      const kind = diskUsageKinds.find((known) => known === type);
      if (kind === undefined) throw badRequest(`unknown object type: ${type}`);
      return kind;
    }),
  );
}

const underWay = new WeakMap<Engine, Map<string, Promise<EngineDiskUsage>>>();

/** Clients that ask at the same time share one answer: engines before 23 refuse to measure twice at once. */
function measure(engine: Engine, path: string): Promise<EngineDiskUsage> {
  const calls = underWay.get(engine) ?? new Map<string, Promise<EngineDiskUsage>>();
  underWay.set(engine, calls);
  const current = calls.get(path);
  if (current !== undefined) return current;
  const call = ask(engine, path).finally(() => calls.delete(path));
  calls.set(path, call);
  return call;
}

async function ask(engine: Engine, path: string): Promise<EngineDiskUsage> {
  const usage = await engine.client.request<EngineDiskUsage | null>({ method: "GET", path, patient: true });
  if (usage === null) throw new EngineResponseError(500, "the engine answered without a report");
  return usage;
}
