import type { Cluster } from "../cluster/cluster.ts";
import { EngineCandidate } from "../cluster/engine-candidate.ts";
import type { Engine } from "../cluster/engine.ts";
import type { NetworkSummary } from "../docker/types.ts";
import { ApiError, badRequest } from "../errors.ts";
import { EMPTY_REQUEST } from "../scheduler/empty-request.ts";
import { wanted, type DockerFilters } from "./views/docker-filters.ts";
import { groupNetworks, type NetworkGroup } from "./views/networks.ts";
import { isNamed } from "./views/node-names.ts";
import type { NodeView } from "./views/types.ts";

/** Every member with the images it holds, as the image views want them. */
export const nodeImages = (cluster: Cluster) =>
  [...cluster.members()].map((engine) => ({ node: engine, images: engine.cache.inventory.images }));

interface KnownGroups {
  /** What the groups were made of, in the order of the members. */
  readonly sources: readonly { readonly engine: Engine; readonly networks: readonly NetworkSummary[] }[];
  readonly groups: readonly NetworkGroup[];
}

const knownGroups = new WeakMap<Cluster, KnownGroups>();

/**
 * Every network of every member, copies of one brought together. Every create of a container in a network asks for it, so it is made anew only when
 * a member's list was.
 */
export function networkGroups(cluster: Cluster): readonly NetworkGroup[] {
  const known = knownGroups.get(cluster);
  if (known !== undefined && isCurrent(known, cluster)) return known.groups;
  const sources = [...cluster.members()].map((engine) => ({
    engine,
    networks: engine.cache.inventory.networks,
  }));
  const groups = groupNetworks(
    sources.flatMap(({ engine, networks }) => networks.map((network) => ({ node: engine, network }))),
  );
  knownGroups.set(cluster, { sources, groups });
  return groups;
}

/**
 * Those of {@link networkGroups} that a healthy engine has where a container may go: all that count when engines are lost, or to be left.
 * @param excluded engines (`Engine.id`) where it may not go
 */
export function livingNetworkGroups(
  cluster: Cluster,
  excluded: ReadonlySet<string>,
): readonly NetworkGroup[] {
  return networkGroups(cluster).filter(({ nodes }) =>
    nodes.some(({ addr }) => {
      const engine = cluster.engineAt(addr);
      return engine?.isHealthy === true && !excluded.has(engine.id);
    }),
  );
}

function isCurrent({ sources }: KnownGroups, cluster: Cluster): boolean {
  let at = 0;
  for (const engine of cluster.members()) {
    const source = sources[at++];
    if (source?.engine !== engine || source.networks !== engine.cache.inventory.networks) return false;
  }
  return at === sources.length;
}

/** Every volume of every member. */
export const nodeVolumes = (cluster: Cluster) =>
  [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.volumes.map((volume) => ({ node: engine, volume })),
  );

/** So many look-ups are faster without a table of a thousand engines. */
const FEW_LOOKUPS = 8;

/**
 * Finds members as {@link Cluster.member} does, for a request that may ask for as many as its sender likes: then a table is made, which does not
 * outlive the request.
 */
export function memberFinder(cluster: Cluster): (text: string) => Engine | undefined {
  let lookups = 0;
  let table: Map<string, Engine> | undefined;
  return (text) => {
    if (++lookups <= FEW_LOOKUPS) return cluster.member(text);
    table ??= memberTable(cluster);
    return table.get(text);
  };
}

function memberTable(cluster: Cluster): Map<string, Engine> {
  const table = new Map<string, Engine>();
  for (const engine of cluster.members()) {
    for (const key of [engine.name, engine.id, engine.engineId, engine.addr])
      if (!table.has(key)) table.set(key, engine);
  }
  return table;
}

/** The first of these nodes that can be asked. @throws ApiError 500 `No healthy node holds X` */
export function healthyEngine(cluster: Cluster, nodes: readonly NodeView[], what: string): Engine {
  for (const { addr } of nodes) {
    const engine = cluster.engineAt(addr);
    if (engine?.isHealthy === true) return engine;
  }
  throw new ApiError(500, `No healthy node holds ${what}`);
}

/**
 * The engines for what any engine can do, best first: the scheduler's ranking for a request that asks for nothing (api.md, class ANY).
 * @throws ApiError 500 with the scheduler's text
 */
export function anyEngines(cluster: Cluster): readonly Engine[] {
  const result = cluster.rank({ ...EMPTY_REQUEST, anyAvailability: true });
  if (result.kind === "refused") throw new ApiError(500, result.refusal.message);
  return result.ranked.map((candidate) => {
    if (!(candidate instanceof EngineCandidate))
      throw new TypeError("the scheduler answered with a candidate not given to it");
    return candidate.engine;
  });
}

/**
 * The healthy engines that a `node=` filter names, by name or ID; all of them without one. The other filters are for the engines.
 * @returns also the nodes that are `lost`, `node-3: not healthy`, one for each that was meant but cannot be asked
 * @throws ApiError 400 when the filter names none
 */
export function chosenEngines(
  cluster: Cluster,
  filters: DockerFilters,
): {
  readonly engines: readonly Engine[];
  readonly lost: readonly string[];
  readonly filters: DockerFilters;
} {
  const rest = new Map(filters);
  rest.delete("node");
  const nodes = wanted(filters, "node");
  const meant = [...cluster.members()].filter(
    (engine) => nodes === undefined || nodes.some((node) => isNamed(engine, node)),
  );
  const engines = meant.filter(({ isHealthy }) => isHealthy);
  if (nodes !== undefined && engines.length === 0)
    throw badRequest(`no healthy node is called ${nodes.join(" or ")}`);
  const lost = meant.filter(({ isHealthy }) => !isHealthy).map(({ name }) => `${name}: not healthy`);
  return { engines, lost, filters: rest };
}
