import { constraintFilter } from "../../../filters/constraint.ts";
import { ExpressionError } from "../../../filters/expression.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { EMPTY_REQUEST } from "../../scheduler/empty-request.ts";
import type { LocalNetwork, SchedulingRules } from "../../scheduler/types.ts";
import { networkGroups } from "../nodes.ts";
import { isLocal, networksNamed, resolveNetwork, type NetworkGroup } from "../views/networks.ts";
import { withMoreConstraints, type Constrained } from "./added-constraints.ts";
import { homeOfVolumes } from "./project-volumes.ts";

export interface Anchored extends Constrained {
  readonly localNetworks: readonly LocalNetwork[];
}

/**
 * What ties a container to nodes beside the user's own rules. The networks it joins that only some nodes have: elsewhere it could be created, but not
 * started. And, for Compose, the node where its project uses the volumes it names: a preference, because each node has its own volume of that name.
 * @param given the body as it came, in which a network may be called `node/network`
 * @param constrained the body and constraints so far
 * @param groups the networks that count
 */
export function withAnchors(
  cluster: Cluster,
  rules: SchedulingRules,
  given: ContainerCreateBody,
  constrained: Constrained,
  groups: () => readonly NetworkGroup[] = () => networkGroups(cluster),
): Anchored {
  const localNetworks = networksOf({ cluster, rules, groups }, given, constrained.constraints);
  const home = constrained.constraints.some((text) => text.startsWith("node=="))
    ? undefined
    : homeOfVolumes(cluster, constrained.body);
  return {
    localNetworks,
    ...(home === undefined
      ? constrained
      : withMoreConstraints(constrained.body, constrained.constraints, [`node==~${home}`])),
  };
}

/** Every engine has these. */
const PREDEFINED: ReadonlySet<string> = new Set(["", "default", "bridge", "host", "none", "nat"]);

function networksOf(
  {
    cluster,
    rules,
    groups,
  }: {
    readonly cluster: Cluster;
    readonly rules: SchedulingRules;
    readonly groups: () => readonly NetworkGroup[];
  },
  body: ContainerCreateBody,
  constraints: readonly string[],
): readonly LocalNetwork[] {
  const names = new Set([
    body.HostConfig?.NetworkMode ?? "",
    ...Object.keys(body.NetworkingConfig?.EndpointsConfig ?? {}),
  ]);
  const wanted = [...names].filter((name) => !PREDEFINED.has(name) && !name.startsWith("container:"));
  if (wanted.length === 0) return [];
  const admitted = byNodeConstraints(constraints, rules);
  const known = groups();
  return wanted.flatMap((name): LocalNetwork[] => {
    const resolved = resolveNetwork(known, name);
    const meant = resolved === undefined ? networksNamed(known, name) : [resolved];
    if (meant.length === 0 || !meant.every(({ network }) => isLocal(network))) return [];
    const nodes = meant.map(({ nodes: [owner] }) => owner);
    // A user who insists on a node where the network is not gets what the engine there says.
    if (!nodes.some(({ addr }) => admitted(cluster.engineAt(addr)))) return [];
    return [{ name, nodes: new Map(nodes.map((node) => [node.addr, node.name])) }];
  });
}

/** Whether the user's hard constraints on the node itself admit an engine. */
function byNodeConstraints(
  constraints: readonly string[],
  rules: SchedulingRules,
): (engine: Engine | undefined) => boolean {
  const hard = constraints.filter((text) => text.startsWith("node==") && !text.startsWith("node==~"));
  try {
    const request = { ...EMPTY_REQUEST, constraints: hard };
    const check = constraintFilter.prepare(request, { droppedSoft: new Set(), rules });
    return (engine) => engine !== undefined && (check === undefined || check.admits(engine.candidate));
  } catch (error) {
    if (error instanceof ExpressionError) return () => true; // the scheduler will say so
    throw error;
  }
}
