import { compareNatural } from "../src/scheduler/natural-order.ts";
import type { Candidate, PlacementRequest } from "../src/scheduler/types.ts";
import { cpuPercent, hasRoom, memoryPercent } from "./score.ts";

/** One lost percent of health weighs as much as ten percent of load: health comes first (spec: scheduling.md §7.2). */
const HEALTH_FACTOR = 10;

/** Emptiest or fullest engines first. */
export type Preference = "emptiest" | "fullest";

interface Weighed {
  readonly candidate: Candidate;
  /** Lower is better. */
  readonly weight: number;
}

/**
 * The candidates with room, best first: by weight, then by number of containers, then by the natural order of names and by address,
 * so the order is total and repeatable (B3).
 */
export function rankByWeight(
  request: PlacementRequest,
  candidates: readonly Candidate[],
  preference: Preference,
): readonly Candidate[] {
  const sign = preference === "emptiest" ? 1 : -1;
  const weighed: Weighed[] = [];
  for (const candidate of candidates) {
    const cpu = cpuPercent(request, candidate);
    const memory = memoryPercent(request, candidate);
    if (!hasRoom(cpu) || !hasRoom(memory)) continue;
    weighed.push({ candidate, weight: sign * (cpu + memory) - HEALTH_FACTOR * candidate.healthIndicator });
  }
  weighed.sort(
    (a, b) =>
      a.weight - b.weight ||
      sign * (a.candidate.containerCount - b.candidate.containerCount) ||
      compareNatural(a.candidate.name, b.candidate.name) ||
      compareNatural(a.candidate.addr, b.candidate.addr),
  );
  return weighed.map(({ candidate }) => candidate);
}
