import type { Engine } from "../cluster/engine.ts";
import { limited } from "../cluster/limited.ts";
import { EngineResponseError } from "../docker/engine-client.ts";
import { attended } from "./attended.ts";
import { clientLeft, unlessLeft } from "./client-left.ts";
import type { Exchange } from "./exchange.ts";
import { fanOut, type EngineAnswer } from "./fan-out.ts";
import { chosenEngines } from "./nodes.ts";
import type { Services } from "./services.ts";
import { parseFilters, type DockerFilters } from "./views/docker-filters.ts";
import { addWarnings } from "./warnings.ts";

/** What engines answer to any prune, beside the list of what went. */
export interface PruneReport {
  /** Bytes. */
  readonly SpaceReclaimed?: unknown;
}

export interface Pruned<T> {
  readonly answers: readonly EngineAnswer<T>[];
  /** Bytes, over all nodes. */
  readonly spaceReclaimed: number;
}

/**
 * Prunes on every healthy engine, or on those a `node=` filter names; what nodes could not do is in the log, and a warning beside the answer
 * (api.md §10.3). A client that leaves ends it.
 * @param path unversioned, such as `/containers/prune`; the client's query goes with it, `filters` without `node=`
 * @param options how many nodes are asked `atOnce`; all of them unless it is said
 * @throws ApiError 400 for filters; with a line per node when all failed, and the status they agree on, else 500
 */
export async function pruneNodes<T extends PruneReport>(
  { cluster, log }: Services,
  { query, clientVersion, res }: Exchange,
  path: string,
  { atOnce = Infinity }: { readonly atOnce?: number } = {},
): Promise<Pruned<T>> {
  const { engines, lost, filters } = chosenEngines(
    cluster,
    parseFilters(query.get("filters") ?? undefined, 400),
  );
  const sent = new URLSearchParams(query);
  if (filters.size === 0) sent.delete("filters");
  else sent.set("filters", encodeFilters(filters));
  const search = sent.size === 0 ? "" : `?${sent.toString()}`;
  const signal = clientLeft(res);
  const inTurn = limited(atOnce);
  const pruneOne = async (engine: Engine): Promise<T> => {
    const report = await engine.client.request<T | null>({
      method: "POST",
      path: engine.versionedPath(clientVersion, `${path}${search}`),
      patient: true,
      signal,
    });
    if (report === null) throw new EngineResponseError(500, "the engine answered without a report");
    return report;
  };
  const asked = fanOut(cluster, engines, (engine) =>
    // A frozen node must not keep its turn for as long as its call takes to end.
    inTurn(() => attended(engine, pruneOne(engine))),
  );
  const { answers, failures } = await unlessLeft(signal, asked);
  const missing = [...failures, ...lost];
  for (const failure of missing) log.warn({ failure }, "a node could not prune");
  addWarnings(res, missing);
  return { answers, spaceReclaimed: answers.reduce((sum, { answer }) => sum + reclaimed(answer), 0) };
}

/** What an engine says it deleted: names or IDs, whatever else is in its list. */
export const deletedBy = (list: unknown): readonly string[] =>
  (Array.isArray(list) ? (list as unknown[]) : []).filter((each) => typeof each === "string");

const reclaimed = ({ SpaceReclaimed: bytes }: PruneReport): number =>
  typeof bytes === "number" && bytes > 0 ? bytes : 0;

/** In the form of today; engines may stop reading the older one, with lists. */
export const encodeFilters = (filters: DockerFilters): string =>
  JSON.stringify(
    Object.fromEntries(
      [...filters].map(([key, values]) => [key, Object.fromEntries(values.map((value) => [value, true]))]),
    ),
  );
