import type { Cluster } from "../../cluster/cluster.ts";
import { RESCHEDULED_FROM_LABEL, type ContainerRecord } from "../../cluster/container-record.ts";
import type { WantedContainer } from "../wanted/wanted.ts";

/** A copy that makes a new one unnecessary. */
export interface FoundCopy {
  readonly record: ContainerRecord;
  /** `done`: it runs, or has run; `unfinished`: created, and never started. */
  readonly kind: "done" | "unfinished";
}

/**
 * What is there already of a container whose engine is lost: a copy that an earlier attempt made, perhaps another manager's, or one that runs under its
 * name. A shared swarm ID alone says nothing: images made by `docker commit` carry it on (scheduling.md §9 B13).
 */
export function findCopy(cluster: Cluster, wanted: WantedContainer): FoundCopy | undefined {
  const copies = [...cluster.containers.withSwarmId(wanted.swarmId)].filter(
    (record) => record.engine.isHealthy && (isMadeFor(record, wanted) || isNamed(record, wanted)),
  );
  const running = copies.find(({ inspect }) => inspect.State.Running);
  if (running !== undefined) return { record: running, kind: "done" };
  // A stopped copy is what the container is now only if it is the one made last; others are leftovers.
  const made = copies.filter((record) => isMadeFor(record, wanted));
  const started = made.find(({ inspect }) => inspect.State.Status !== "created");
  if (started !== undefined) return { record: started, kind: "done" };
  const [created] = made;
  return created === undefined ? undefined : { record: created, kind: "unfinished" };
}

const isMadeFor = ({ id, labels }: ContainerRecord, { last }: WantedContainer): boolean =>
  labels[RESCHEDULED_FROM_LABEL] === last.containerId || id === last.containerId;

const isNamed = ({ names }: ContainerRecord, { name }: WantedContainer): boolean =>
  name !== "" && names[0] === name;
