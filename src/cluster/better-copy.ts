import { RESCHEDULED_FROM_LABEL, type ContainerRecord } from "./container-record.ts";

/** Something a copy of a container has, or has not. */
export type Trait = (record: ContainerRecord) => boolean;

export const onHealthyEngine: Trait = ({ engine }) => engine.isHealthy;

/** Does it do what is wanted of a running container? A restart policy's pause is running, too. */
export const runs: Trait = ({ inspect: { State } }) => State.Running || State.Paused || State.Restarting;

/**
 * Which of two copies of one container is the one that counts, for a reference that fits both (spec: node-lifecycle.md §8). A total order: on a
 * healthy engine before lost, running before not, made in place of the other, created later, by ID.
 */
export const betterCopy = (a: ContainerRecord, b: ContainerRecord): ContainerRecord =>
  compareCopies(a, b, [onHealthyEngine, runs]) <= 0 ? a : b;

/** Negative: `a` is the better one. Traits in their order, then who was made in place of whom, then the younger one. */
export function compareCopies(a: ContainerRecord, b: ContainerRecord, traits: readonly Trait[]): number {
  for (const has of traits) {
    const difference = Number(has(b)) - Number(has(a));
    if (difference !== 0) return difference;
  }
  const heir = Number(tookOver(b, a)) - Number(tookOver(a, b));
  if (heir !== 0) return heir;
  const younger = createdAtMs(b) - createdAtMs(a);
  if (younger !== 0) return younger;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** When it was created, by the manager's clock, Unix milliseconds; 0: it does not say. */
export function createdAtMs({ inspect, engine }: ContainerRecord): number {
  const at = Date.parse(inspect.Created);
  return Number.isNaN(at) ? 0 : at + engine.clockDeltaMs;
}

/** Was `copy` made in place of `former`? */
export const tookOver = ({ labels, formerIds }: ContainerRecord, former: ContainerRecord): boolean =>
  labels[RESCHEDULED_FROM_LABEL] === former.id || formerIds.includes(former.id);

/** The copy on a healthy engine which was made in place of this one; undefined: there is none. */
export function heirOf(
  containers: { withSwarmId(swarmId: string): Iterable<ContainerRecord> },
  record: ContainerRecord,
): ContainerRecord | undefined {
  // One that was created past the manager has no swarm ID until it moves.
  const copies = [...containers.withSwarmId(record.swarmId === "" ? record.id : record.swarmId)];
  return copies.find((copy) => copy !== record && onHealthyEngine(copy) && tookOver(copy, record));
}
