import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { NetworkSummary } from "../../docker/types.ts";

/** The network of that name on one engine. */
export const networkOn = ({ cache }: Engine, name: string): NetworkSummary | undefined =>
  cache.inventory.networks.find((network) => network.Name === name);

/** A network that spans engines, and healthy engines that have it. */
export interface SpanningNetwork {
  readonly network: NetworkSummary;
  readonly engines: readonly [Engine, ...Engine[]];
}

/** The network of that name which is the same on all engines; undefined when each has its own, or nobody one. */
export function spanningNetwork(cluster: Cluster, name: string): SpanningNetwork | undefined {
  let found: NetworkSummary | undefined;
  const engines: Engine[] = [];
  for (const engine of cluster.healthy()) {
    const network = networkOn(engine, name);
    if (network === undefined || network.Scope === "local") continue;
    found ??= network;
    engines.push(engine);
  }
  const [first, ...others] = engines;
  return found === undefined || first === undefined
    ? undefined
    : { network: found, engines: [first, ...others] };
}
