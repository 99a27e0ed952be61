import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { EventNode } from "../../events/types.ts";
import { placeOf } from "../wanted/home.ts";
import { MAX_FORMER_IDS, type LastPlace, type WantedContainer } from "../wanted/wanted.ts";

/** The IDs that the copy after the present one replaces, newest last. */
export const idsSoFar = ({ formerIds, last }: WantedContainer): readonly string[] =>
  [...formerIds.filter((id) => id !== last.containerId), last.containerId].slice(-MAX_FORMER_IDS);

/** The same container with another copy as the one that counts. */
export function movedTo(wanted: WantedContainer, copy: ContainerRecord): WantedContainer {
  const formerIds = idsSoFar(wanted).filter((id) => id !== copy.id);
  return { ...wanted, last: placeOf(copy), formerIds, updatedMs: Date.now() };
}

/**
 * Forgets the copies on engines that are lost: lists show one, and the name is free. An engine that comes back is read anew, and then they are
 * duplicates.
 */
export function dropLostRecords(cluster: Cluster, copy: ContainerRecord): void {
  const { containers } = cluster;
  // One that was created past the manager has no swarm ID.
  const former = copy.formerIds.flatMap((id) => containers.byId(id) ?? []);
  for (const other of new Set([...containers.withSwarmId(copy.swarmId), ...former])) {
    const isCopy = other.id !== copy.id && other.names[0] === copy.names[0];
    if (isCopy && !other.engine.isHealthy) other.engine.cache.forgetContainer(other.id);
  }
}

/** Is its engine well, and does not have it any more? Then it may go there again. */
export function isBare(cluster: Cluster, { containerId, engineId, addr }: LastPlace): boolean {
  const engine = cluster.engineAt(addr);
  if (engine?.engineId !== engineId || !engine.isHealthy) return false;
  return !engine.cache.inventory.containers.has(containerId);
}

/** A place as events show it, also when its node has left the cluster. */
export function eventNodeOf(cluster: Cluster, { addr, engineId, node }: LastPlace): EventNode {
  const engine = cluster.engineAt(addr);
  if (engine?.engineId === engineId) return engine;
  return { name: node, id: `${engineId}|${addr}`, addr, ip: addr.slice(0, addr.lastIndexOf(":")) };
}
