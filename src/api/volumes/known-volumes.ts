import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { nodeVolumes } from "../nodes.ts";
import type { NodeView, VolumeView } from "../views/types.ts";
import { resolveVolume } from "../views/volumes.ts";

/** Reads an engine's volumes again after a change there. Failing to is not the client's trouble: the change is made. */
export async function refreshVolumes(engine: Engine): Promise<void> {
  await engine.cache.refreshVolumes().catch(() => undefined);
}

/** Of each node on its own, the volume a reference means there: a bare name may mean one on every node (images-networks-volumes.md §3.5). */
export function volumePerNode(cluster: Cluster, reference: string): readonly VolumeView[] {
  const perNode = new Map<NodeView, VolumeView[]>();
  for (const view of nodeVolumes(cluster)) {
    const others = perNode.get(view.node);
    if (others === undefined) perNode.set(view.node, [view]);
    else others.push(view);
  }
  return [...perNode.values()].flatMap((views) => resolveVolume(views, reference) ?? []);
}
