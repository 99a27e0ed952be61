import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { ApiError, badRequest } from "../../errors.ts";

/** A plugin as the client names it: the engines it may mean, and the plugin's path on them. */
export interface NamedPlugin {
  readonly engines: readonly [Engine, ...Engine[]];
  /** The name without its node, for messages. */
  readonly name: string;
  /** `/plugins/<name>`, escaped. */
  readonly path: string;
}

/**
 * What a reference to a plugin means: `vieux/sshfs:latest` or an ID on every healthy node, `node-1/vieux/sshfs:latest` on that node.
 * @throws ApiError 400 for a name that would lead to another route; 500 without a healthy node
 */
export function namedPlugin(cluster: Cluster, reference: string): NamedPlugin {
  const slash = reference.indexOf("/");
  const node = slash > 0 ? cluster.member(reference.slice(0, slash)) : undefined;
  const name = node === undefined ? reference : reference.slice(slash + 1);
  const segments = name.split("/");
  if (segments.some((segment) => ["", ".", ".."].includes(segment)))
    throw badRequest("invalid reference format");
  return {
    engines: healthyOnes(cluster, node),
    name,
    path: `/plugins/${segments.map(encodeURIComponent).join("/")}`,
  };
}

/** @throws ApiError 500 when there is none */
export function healthyOnes(cluster: Cluster, only?: Engine): readonly [Engine, ...Engine[]] {
  if (only !== undefined && !only.isHealthy) throw new ApiError(500, `node ${only.name} is not healthy`);
  const [first, ...others] = only === undefined ? cluster.healthy() : [only];
  if (first !== undefined) return [first, ...others];
  throw new ApiError(
    500,
    cluster.engineCount === 0
      ? "no node available in the cluster"
      : "No healthy node available in the cluster",
  );
}
