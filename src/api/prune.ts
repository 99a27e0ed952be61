import type { Engine } from "../cluster/engine.ts";
import type { Exchange } from "./exchange.ts";
import { fanOut, type EngineAnswer } from "./fan-out.ts";
import { chosenEngines } from "./nodes.ts";
import type { Services } from "./services.ts";
import { parseFilters, type DockerFilters } from "./views/docker-filters.ts";

/** What engines answer to any prune, beside the list of what went. */
export interface PruneReport {
  readonly SpaceReclaimed?: number;
}

export interface Pruned<T> {
  readonly answers: readonly EngineAnswer<T>[];
  /** Bytes, over all nodes. */
  readonly spaceReclaimed: number;
}

/**
 * Prunes on every healthy engine, or on those a `node=` filter names; what nodes could not do is in the log (api.md §10.3).
 * @param path unversioned, such as `/containers/prune`; the client's query goes with it, `filters` without `node=`
 * @throws ApiError 400 for filters, 500 with a line per node when all failed
 */
export async function pruneNodes<T extends PruneReport>(
  { cluster, log }: Services,
  { query, clientVersion }: Exchange,
  path: string,
): Promise<Pruned<T>> {
  const { engines, filters } = chosenEngines(cluster, parseFilters(query.get("filters") ?? undefined, 400));
  const sent = new URLSearchParams(query);
  if (filters.size === 0) sent.delete("filters");
  else sent.set("filters", encodeFilters(filters));
  const search = sent.size === 0 ? "" : `?${sent.toString()}`;
  const { answers, failures } = await fanOut(cluster, engines, (engine: Engine) =>
    engine.client.request<T>({
      method: "POST",
      path: engine.versionedPath(clientVersion, `${path}${search}`),
    }),
  );
  for (const failure of failures) log.warn({ failure }, "a node could not prune");
  return {
    answers,
    spaceReclaimed: answers.reduce((sum, { answer }) => sum + (answer.SpaceReclaimed ?? 0), 0),
  };
}

/** In the form of today; engines may stop reading the older one, with lists. */
const encodeFilters = (filters: DockerFilters): string =>
  JSON.stringify(
    Object.fromEntries(
      [...filters].map(([key, values]) => [key, Object.fromEntries(values.map((value) => [value, true]))]),
    ),
  );
