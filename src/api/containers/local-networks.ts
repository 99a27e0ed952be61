import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { memberFinder, networkGroups } from "../nodes.ts";
import { bareEndpointName, isLocal, resolveNetwork, type NetworkGroup } from "../views/networks.ts";
import { withMoreConstraints, type Constrained } from "./added-constraints.ts";

/**
 * A container that names a network of one engine prefers that engine, and names the network as that engine knows it
 * (spec: scheduling.md §8 steps 1 and 5, images-networks-volumes.md §2.8).
 * @param groups the networks that count
 */
export function withLocalNetworks(
  cluster: Cluster,
  body: ContainerCreateBody,
  constraints: readonly string[],
  groups: () => readonly NetworkGroup[] = () => networkGroups(cluster),
): Constrained {
  const endpoints = body.NetworkingConfig?.EndpointsConfig ?? {};
  const mode = body.HostConfig?.NetworkMode ?? "";
  const named = [mode, ...Object.keys(endpoints)].filter((name) => name !== "" && !PREDEFINED.has(name));
  if (named.length === 0) return { body, constraints };

  const member = memberFinder(cluster);
  const known = groups();
  const local = new Map<string, NetworkGroup>();
  for (const name of named) {
    const group = resolveNetwork(known, name);
    if (group !== undefined && isLocal(group.network)) local.set(name, group);
  }
  const rewritten = renameNetworks(
    body,
    mode,
    local,
    (key) => local.get(key)?.network.Name ?? bareEndpointName(key, (text) => member(text) !== undefined),
  );
  const hasHardNode = constraints.some((text) => text.startsWith("node==") && !text.startsWith("node==~"));
  if (hasHardNode || local.size === 0) return { body: rewritten, constraints };
  const wanted = new Set([...local.values()].map(({ nodes: [owner] }) => `node==~${owner.name}`));
  return withMoreConstraints(rewritten, constraints, wanted);
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
