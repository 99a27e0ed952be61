import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { REPLACES_LABEL, replacesLabel, SWARM_ID_LABEL } from "../../cluster/container-record.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { withResolvedReferences } from "../../scheduler/resolved-references.ts";
import { engineCpuShares } from "../../scheduler/resources.ts";

/**
 * The create body as one engine gets it: its own share units, references it can resolve, the swarm ID. What the manager does not route
 * on is the client's, untouched (spec: scheduling.md §8 step 8, B5).
 * @param body as rewritten for the cluster; `HostConfig.CpuShares` is a number of CPUs
 * @param replaces IDs the container had on other engines
 */
export function bodyForEngine(
  cluster: Cluster,
  engine: Engine,
  body: ContainerCreateBody,
  swarmId: string,
  replaces: readonly string[] = [],
): ContainerCreateBody {
  const cpus = body.HostConfig?.CpuShares ?? 0;
  const resolved = withResolvedReferences(
    body,
    (reference) => cluster.containers.resolve(reference, (record) => record.engine === engine)?.id,
  );
  // Only we say what a container replaces: a client's word, or an image's, would let it take over another's ID.
  const { [REPLACES_LABEL]: _claimed, ...labels } = resolved.Labels ?? {};
  return {
    ...resolved,
    ...(cpus > 0
      ? { HostConfig: { ...resolved.HostConfig, CpuShares: engineCpuShares(cpus, engine.cpus) } }
      : {}),
    Labels: {
      ...labels,
      [SWARM_ID_LABEL]: swarmId,
      ...(replaces.length > 0 ? { [REPLACES_LABEL]: replacesLabel(swarmId, replaces) } : {}),
    },
  };
}
