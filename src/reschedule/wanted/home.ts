import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { LastPlace, WantedContainer } from "./wanted.ts";

/** The healthy engines by their own ID. */
export function healthyById(cluster: Cluster): ReadonlyMap<string, Engine> {
  return new Map([...cluster.healthy()].map((engine) => [engine.engineId, engine]));
}

/** The container of a record, where its engine is healthy and has it. */
export const recordAt = (
  engine: Engine | undefined,
  { last }: WantedContainer,
): ContainerRecord | undefined => engine?.cache.inventory.containers.get(last.containerId);

export function placeOf({ id, engine }: ContainerRecord): LastPlace {
  return { containerId: id, engineId: engine.engineId, addr: engine.addr, node: engine.name };
}

/**
 * Tells one start of an engine from the next: the ID of its default network, which it makes anew every time. Undefined where it has none
 * (`--bridge=none`).
 */
export const startMark = ({ cache }: Engine): string | undefined =>
  cache.inventory.networks.find(({ Name }) => Name === "bridge" || Name === "nat")?.Id;

/** Whether the engine removes the container when it ends (`docker run --rm`). */
export const isAutoRemove = ({ create }: WantedContainer): boolean =>
  create.body.HostConfig?.AutoRemove === true;

/** Whether its engine may start it again by itself after such an end. */
export function restartsItself({ create }: WantedContainer, exitCode: number): boolean {
  const policy = create.body.HostConfig?.RestartPolicy as { Name?: unknown } | null | undefined;
  const name = policy?.Name;
  return name === "always" || name === "unless-stopped" || (name === "on-failure" && exitCode !== 0);
}
