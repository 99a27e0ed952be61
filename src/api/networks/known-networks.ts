import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { NetworkSummary } from "../../docker/types.ts";

/**
 * Reads an engine's networks again after a change there. Failing to is not the client's trouble: the change is made, and an engine that is lost
 * is read anew when it comes back.
 */
export async function refreshNetworks(engine: Engine): Promise<void> {
  await engine.cache.refreshNetworks().catch(() => undefined);
}

/** A network of scope `global` is on every engine as soon as it is on one (images-networks-volumes.md §2.4). */
export function addToAll(cluster: Cluster, network: NetworkSummary): void {
  for (const { cache } of cluster.members()) {
    const known = cache.inventory.networks;
    if (!known.some(({ Id }) => Id === network.Id)) cache.inventory.networks = [...known, network];
  }
}

/** … and gone from all when it is gone from one (§2.5). */
export function removeFromAll(cluster: Cluster, id: string): void {
  for (const { cache } of cluster.members()) {
    const known = cache.inventory.networks;
    if (known.some(({ Id }) => Id === id)) {
      cache.inventory.networks = known.filter(({ Id }) => Id !== id);
    }
  }
}

/** Does one such network span all engines? */
export const isGlobal = (network: NetworkSummary): boolean => network.Scope === "global";
