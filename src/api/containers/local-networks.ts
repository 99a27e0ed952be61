import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import {
  bareEndpointName,
  groupNetworks,
  isLocal,
  resolveNetwork,
  type NetworkGroup,
} from "../views/networks.ts";

const CONSTRAINTS_LABEL = "com.docker.swarm.constraints";

/**
 * A container that names a network of one engine prefers that engine, and names the network as that engine knows it
 * (spec: scheduling.md §8 steps 1 and 5, images-networks-volumes.md §2.8).
 */
export function withLocalNetworks(
  cluster: Cluster,
  body: ContainerCreateBody,
  constraints: readonly string[],
): { readonly body: ContainerCreateBody; readonly constraints: readonly string[] } {
  const endpoints = body.NetworkingConfig?.EndpointsConfig ?? {};
  const mode = body.HostConfig?.NetworkMode ?? "";
  const named = [mode, ...Object.keys(endpoints)].filter((name) => name !== "" && !PREDEFINED.has(name));
  if (named.length === 0) return { body, constraints };

  const engines = [...cluster.members()];
  const groups = groupNetworks(
    engines.flatMap((engine) =>
      engine.cache.inventory.networks.map((network) => ({ node: engine, network })),
    ),
  );
  const local = new Map<string, NetworkGroup>();
  for (const name of named) {
    const group = resolveNetwork(groups, name);
    if (group !== undefined && isLocal(group.network)) local.set(name, group);
  }
  const rewritten = renameNetworks(body, mode, local, (key) => bareEndpointName(key, engines));
  const hasHardNode = constraints.some((text) => text.startsWith("node==") && !text.startsWith("node==~"));
  if (hasHardNode || local.size === 0) return { body: rewritten, constraints };
  const wanted = new Set([...local.values()].map(({ nodes: [owner] }) => `node==~${owner.name}`));
  const all = [...constraints, ...wanted];
  return {
    body: { ...rewritten, Labels: { ...rewritten.Labels, [CONSTRAINTS_LABEL]: JSON.stringify(all) } },
    constraints: all,
  };
}

/** Every engine has these, so they say nothing about where. */
const PREDEFINED = new Set(["default", "bridge", "host", "none", "nat"]);

function renameNetworks(
  body: ContainerCreateBody,
  mode: string,
  local: ReadonlyMap<string, NetworkGroup>,
  bare: (key: string) => string,
): ContainerCreateBody {
  const { NetworkingConfig: networking, HostConfig: host } = body;
  const network = local.get(mode)?.network.Name;
  const endpoints = networking?.EndpointsConfig;
  return {
    ...body,
    ...(network === undefined ? {} : { HostConfig: { ...host, NetworkMode: network } }),
    ...(endpoints === undefined || endpoints === null
      ? {}
      : {
          NetworkingConfig: {
            ...networking,
            EndpointsConfig: Object.fromEntries(
              Object.entries(endpoints).map(([key, value]) => [bare(key), value]),
            ),
          },
        }),
  };
}
