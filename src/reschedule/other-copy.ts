import { tookOver } from "../cluster/better-copy.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { ContainerRecord } from "../cluster/container-record.ts";
import { PASSING } from "./passing-obstacles.ts";

/**
 * Why a copy must not be moved although it could be: it has been already, and what is left goes by itself. A container of another name that has its
 * swarm ID from an image is none.
 */
export function otherCopy(
  { containers }: Pick<Cluster, "containers">,
  record: ContainerRecord,
): string | undefined {
  if (record.swarmId === "") return undefined;
  for (const other of containers.withSwarmId(record.swarmId)) {
    const isCopy = other.names[0] === record.names[0] || tookOver(other, record) || tookOver(record, other);
    if (other.engine !== record.engine && isCopy)
      return `another copy of it is on ${other.engine.name}: ${PASSING.otherCopy}`;
  }
  return undefined;
}
