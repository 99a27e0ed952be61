import type { Cluster } from "../cluster/cluster.ts";
import { EngineCandidate } from "../cluster/engine-candidate.ts";
import type { Engine } from "../cluster/engine.ts";
import { ApiError, badRequest } from "../errors.ts";
import { EMPTY_REQUEST } from "../scheduler/empty-request.ts";
import type { DockerFilters } from "./views/docker-filters.ts";
import type { NodeView } from "./views/types.ts";

/** Every member with the images it holds, as the image views want them. */
export const nodeImages = (cluster: Cluster) =>
  [...cluster.members()].map((engine) => ({ node: engine, images: engine.cache.inventory.images }));

/** Every network of every member. */
export const nodeNetworks = (cluster: Cluster) =>
  [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.networks.map((network) => ({ node: engine, network })),
  );

/** Every volume of every member. */
export const nodeVolumes = (cluster: Cluster) =>
  [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.volumes.map((volume) => ({ node: engine, volume })),
  );

/** The first of these nodes that can be asked. @throws ApiError 500 `No healthy node holds X` */
export function healthyEngine(cluster: Cluster, nodes: readonly NodeView[], what: string): Engine {
  for (const { addr } of nodes) {
    const engine = cluster.engineAt(addr);
    if (engine?.isHealthy === true) return engine;
  }
  throw new ApiError(500, `No healthy node holds ${what}`);
}

/**
 * The engine for what any engine can do: the scheduler's first choice for a request that asks for nothing (api.md, class ANY).
 * @throws ApiError 500 with the scheduler's text
 */
export function anyEngine(cluster: Cluster): Engine {
  const result = cluster.rank(EMPTY_REQUEST);
  if (result.kind === "refused") throw new ApiError(500, result.refusal.message);
  const [best] = result.ranked;
  if (!(best instanceof EngineCandidate))
    throw new TypeError("the scheduler answered with a candidate not given to it");
  return best.engine;
}

/**
 * The healthy engines that a `node=` filter names, by name or ID; all of them without one. The other filters are for the engines.
 * @throws ApiError 400 when the filter names none
 */
export function chosenEngines(
  cluster: Cluster,
  filters: DockerFilters,
): { readonly engines: readonly Engine[]; readonly filters: DockerFilters } {
  const rest = new Map(filters);
  const nodes = rest.get("node");
  rest.delete("node");
  const engines = [...cluster.healthy()].filter(
    ({ name, id }) => nodes === undefined || nodes.includes(name) || nodes.includes(id),
  );
  if (nodes !== undefined && engines.length === 0)
    throw badRequest(`no healthy node is called ${nodes.join(" or ")}`);
  return { engines, filters: rest };
}
