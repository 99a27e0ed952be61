import type { Cluster } from "../cluster/cluster.ts";
import { EngineCandidate } from "../cluster/engine-candidate.ts";
import type { Engine } from "../cluster/engine.ts";
import { EMPTY_REQUEST } from "../scheduler/empty-request.ts";
import type { PlacementRequest } from "../scheduler/types.ts";
import { ApiError } from "../errors.ts";
import { PlacementError } from "./containers/placement-error.ts";

/** A name as clients give it, and the node before its first slash. */
export interface NamedOnNode {
  /** Undefined: no node was named. */
  readonly node: string | undefined;
  readonly name: string;
}

/** Takes `node/name` apart; a slash in front names no node. */
export function splitNodeName(text: string): NamedOnNode {
  const slash = text.indexOf("/");
  return slash <= 0
    ? { node: undefined, name: text }
    : { node: text.slice(0, slash), name: text.slice(slash + 1) };
}

/**
 * What holds something to a node the client named: by name, ID or address (images-networks-volumes.md §2.4, §3.4). A name that no node has
 * is refused by the scheduler like any other; it is a name, never a pattern.
 * @throws ApiError 500 in the scheduler's words for what could be taken for a pattern
 */
export function nodeConstraint(cluster: Cluster, node: string): string {
  const name = cluster.member(node)?.name;
  if (name === undefined && !/^[\w.:|-]+$/.test(node)) {
    throw new ApiError(
      500,
      `Unable to find a node that satisfies the following conditions \n[available container slots]\n[node==${node}]`,
    );
  }
  return `node==${name ?? node}`;
}

/**
 * The engines the scheduler accepts for something that is no container, such as a network, best first.
 * @throws PlacementError 500 when there is none
 */
export function acceptedEngines(
  cluster: Cluster,
  wanted: Partial<PlacementRequest>,
): readonly [Engine, ...Engine[]] {
  const result = cluster.rank({ ...EMPTY_REQUEST, ...wanted });
  if (result.kind === "refused") throw new PlacementError(result.refusal);
  const [best, ...others] = result.ranked.map((candidate) => {
    if (candidate instanceof EngineCandidate) return candidate.engine;
    throw new TypeError("the scheduler answered with a candidate not given to it");
  });
  if (best === undefined) throw new TypeError("the scheduler placed on no engine");
  return [best, ...others];
}
