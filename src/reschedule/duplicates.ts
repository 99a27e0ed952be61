import { compareCopies, onHealthyEngine, runs, tookOver } from "../cluster/better-copy.ts";
import { RESCHEDULED_FROM_LABEL, type ContainerRecord } from "../cluster/container-record.ts";
import { swarmIdOf } from "./wanted/policy.ts";
import type { WantedContainer } from "./wanted/wanted.ts";

/** What the judgement needs to know of a container that may have several copies. */
export type Known = Pick<WantedContainer, "name" | "run" | "last" | "formerIds" | "create">;

/** One copy that may go, because the other counts. */
export interface Duplicate {
  readonly loser: ContainerRecord;
  readonly winner: ContainerRecord;
}

export interface Judgement {
  /** The copy that counts, on a healthy engine; undefined: there is none. */
  readonly winner: ContainerRecord | undefined;
  /** Copies that are to go, and may: on healthy engines, while the winner does what is wanted of it. */
  readonly duplicates: readonly Duplicate[];
}

/**
 * Which copy of a wanted container counts, and which ones may be removed (spec: node-lifecycle.md §7.3, §8; scheduling.md §9 B13). Pure.
 *
 * Nothing is ever removed unless the winner is on a healthy engine, does what is wanted, and has another ID. A copy that has neither the
 * container's name nor an ID the winner took over is none: `docker commit` copies our labels into images, and whatever is run from them has them.
 */
export function judgeDuplicates(copies: Iterable<ContainerRecord>, wanted: Known): Judgement {
  const reachable = [...copies].filter(onHealthyEngine);
  const named = reachable.filter((copy) => isNamed(copy, wanted.name));
  const isInBook = ({ id }: ContainerRecord): boolean => id === wanted.last.containerId;
  const claims = named.length > 0 ? named : reachable.filter(isInBook);
  // A user who stopped it wants the copy that is stopped.
  const isToRun = wanted.run === "running" || wasStarted(claims.find(isInBook), claims, wanted);
  // Managers that do not share a book must come to the same end, or each would remove the other's copy: of those that run and
  // were made by any of them the book has no favourite.
  const made = new Set([wanted.last.containerId, ...wanted.formerIds]);
  const isOurs = (copy: ContainerRecord): boolean => isInBook(copy) || madeFrom(copy, made);
  // A copy that never ran, of an attempt cut short, has nothing of the container; what it was made for is back and has everything.
  const isWhole = (copy: ContainerRecord): boolean => isInBook(copy) || !isUnfinished(copy);
  const first = isToRun ? [runs, isOurs, isWhole] : [isInBook, runs];
  const [winner] = claims.toSorted((a, b) => compareCopies(a, b, first));
  if (winner === undefined) return { winner: undefined, duplicates: [] };
  const secure = wanted.run !== "running" || runs(winner);
  const duplicates = secure ? reachable.filter((copy) => isDuplicate(copy, winner, wanted.name)) : [];
  return { winner, duplicates: duplicates.map((loser) => ({ loser, winner })) };
}

/**
 * Whether somebody started a container after it was made anew elsewhere, not to run: a start that a frozen engine did late, or one past the manager.
 * Engines start by themselves, with the daemon, only what is to be restarted `always`.
 */
function wasStarted(
  booked: ContainerRecord | undefined,
  claims: readonly ContainerRecord[],
  { create }: Known,
): boolean {
  if (booked?.inspect.State.Status !== "created") return false;
  const policy = create.body.HostConfig?.RestartPolicy as { readonly Name?: unknown } | null | undefined;
  return policy?.Name !== "always" && claims.some((copy) => runs(copy) && tookOver(booked, copy));
}

/** Made in place of another, and not started yet. */
const isUnfinished = ({ labels, inspect }: ContainerRecord): boolean =>
  labels[RESCHEDULED_FROM_LABEL] !== undefined && inspect.State.Status === "created";

/** Was it made in place of one of these? */
const madeFrom = ({ labels, formerIds }: ContainerRecord, ids: ReadonlySet<string>): boolean =>
  ids.has(labels[RESCHEDULED_FROM_LABEL] ?? "") || formerIds.some((id) => ids.has(id));

function isDuplicate(copy: ContainerRecord, winner: ContainerRecord, name: string): boolean {
  if (copy.id === winner.id || swarmIdOf(copy) !== swarmIdOf(winner)) return false;
  return isNamed(copy, name) || tookOver(winner, copy);
}

/** The name proper comes first; link aliases do not count. */
const isNamed = ({ names }: ContainerRecord, name: string): boolean => name !== "" && names[0] === name;
