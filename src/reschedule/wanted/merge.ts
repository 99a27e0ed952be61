import type { WantedContainer } from "./wanted.ts";

/**
 * One container, recorded by two managers at once: what to keep. A field that only one of them changed is kept as changed; where both changed it,
 * ours counts. With two exceptions, since a record must never point to a place the container has left:
 * - Whoever moved it (its container ID changed) is right about everything: the other still spoke of the old copy.
 * - Removed is removed, unless the other moved it meanwhile and so made a new copy.
 *
 * @param base as the store had it when ours was made from it; undefined: it had none
 * @param ours undefined: we remove it
 * @param theirs as the store has it now; undefined: it was removed
 */
export function merged(
  base: WantedContainer | undefined,
  ours: WantedContainer | undefined,
  theirs: WantedContainer | undefined,
): WantedContainer | undefined {
  if (ours === undefined) return moved(base, theirs) ? theirs : undefined;
  if (theirs === undefined) return base === undefined || moved(base, ours) ? ours : undefined;
  if (moved(base, theirs)) return theirs;
  if (base === undefined) return moved(ours, theirs) ? theirs : ours;
  if (moved(base, ours)) return ours;
  const pick = <K extends keyof WantedContainer>(field: K): WantedContainer[K] =>
    same(base[field], ours[field]) ? theirs[field] : ours[field];
  return {
    ...ours,
    name: pick("name"),
    policy: pick("policy"),
    run: pick("run"),
    last: pick("last"),
    formerIds: pick("formerIds"),
    create: pick("create"),
    networks: pick("networks"),
    localNetworks: pick("localNetworks"),
  };
}

const moved = (from: WantedContainer | undefined, to: WantedContainer | undefined): boolean =>
  from !== undefined && to !== undefined && from.last.containerId !== to.last.containerId;

/** Both came from JSON, or go there. */
const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
