import { compareNatural } from "../src/scheduler/natural-order.ts";
import { lowestBit, WORD } from "../src/scheduler/pool/bits.ts";
import type { Candidate, Loads, PlacementRequest, Strategy } from "../src/scheduler/types.ts";
import { hasRoom, loadPercent } from "./score.ts";

/** One lost percent of health weighs as much as ten percent of load: health comes first (spec: scheduling.md §7.2). */
const HEALTH_FACTOR = 10;

/** Emptiest or fullest engines first. */
export type Preference = "emptiest" | "fullest";

/**
 * Those with room, best first: by weight, then by number of containers, then by the natural order of names and by address,
 * so the order is total and repeatable (B3).
 */
export function byWeight(preference: Preference): Pick<Strategy, "rank" | "best"> {
  const sign = preference === "emptiest" ? 1 : -1;
  return {
    rank: (request, candidates) => rank(request, candidates, sign),
    best: (request, loads) => best(request, loads, sign),
  };
}

type Sign = 1 | -1;

/** Lower is better; `Infinity`: no room. */
function weightOf(cpuPercent: number, memoryPercent: number, health: number, sign: Sign): number {
  if (!hasRoom(cpuPercent) || !hasRoom(memoryPercent)) return Infinity;
  return sign * (cpuPercent + memoryPercent) - HEALTH_FACTOR * health;
}

interface Weighed {
  readonly candidate: Candidate;
  readonly weight: number;
  readonly containerCount: number;
}

function rank(
  { cpus, memoryBytes }: PlacementRequest,
  candidates: readonly Candidate[],
  sign: Sign,
): readonly Candidate[] {
  const weighed: Weighed[] = [];
  for (const candidate of candidates) {
    const cpu = loadPercent(cpus, candidate.usedCpus, candidate.totalCpus);
    const memory = loadPercent(memoryBytes, candidate.usedMemoryBytes, candidate.totalMemoryBytes);
    const weight = weightOf(cpu, memory, candidate.healthIndicator, sign);
    if (weight < Infinity) weighed.push({ candidate, weight, containerCount: candidate.containerCount });
  }
  weighed.sort(
    (a, b) =>
      a.weight - b.weight ||
      sign * (a.containerCount - b.containerCount) ||
      compareNatural(a.candidate.name, b.candidate.name) ||
      compareNatural(a.candidate.addr, b.candidate.addr),
  );
  return weighed.map(({ candidate }) => candidate);
}

/** Weight, number of containers and order of names as one number: exact below a million containers on an engine and two million engines. */
const WEIGHT_UNIT = 2 ** 42;
const COUNT_UNIT = 2 ** 21;

/** One pass over the columns; a test proves it equal to the first of {@link rank}. */
function best({ cpus, memoryBytes }: PlacementRequest, loads: Loads, sign: Sign): number {
  const { among, containerCount, healthIndicator, nameOrder } = loads;
  const { totalCpus, usedCpus, totalMemoryBytes, usedMemoryBytes } = loads;
  const unlimited = cpus <= 0 && memoryBytes <= 0;
  const anyLoad = loadPercent(0, 0, 0);
  let first = -1;
  let lowest = Infinity;
  for (let at = 0; at < among.length; at += 1) {
    for (let word = (among[at] ?? 0) | 0; word !== 0; word &= word - 1) {
      const slot = at * WORD + lowestBit(word);
      const cpu = unlimited ? anyLoad : loadPercent(cpus, usedCpus[slot] ?? 0, totalCpus[slot] ?? 0);
      const memory = unlimited
        ? anyLoad
        : loadPercent(memoryBytes, usedMemoryBytes[slot] ?? 0, totalMemoryBytes[slot] ?? 0);
      const score =
        weightOf(cpu, memory, healthIndicator[slot] ?? 0, sign) * WEIGHT_UNIT +
        sign * (containerCount[slot] ?? 0) * COUNT_UNIT +
        (nameOrder[slot] ?? 0);
      if (score >= lowest) continue;
      first = slot;
      lowest = score;
    }
  }
  return first;
}
