import { slotsOf } from "../src/scheduler/pool/bits.ts";
import type { Strategy } from "../src/scheduler/types.ts";
import { fits, hasRoom, loadPercent } from "./score.ts";

/** Any engine with room (B14), each order equally likely. */
export const randomStrategy: Strategy = {
  name: "random",
  rank(request, candidates, random) {
    const order = candidates.filter((candidate) => fits(request, candidate));
    // Fisher-Yates from the front, so that the best needs one draw: swap each with one of those not settled yet.
    for (const next of order.keys()) {
      const pick = next + Math.floor(random() * (order.length - next));
      const [a, b] = [order[next], order[pick]];
      if (a !== undefined && b !== undefined) [order[next], order[pick]] = [b, a];
    }
    return order;
  },
  best({ cpus, memoryBytes }, { among, totalCpus, usedCpus, totalMemoryBytes, usedMemoryBytes }, random) {
    const fitting = slotsOf(among).filter(
      (slot) =>
        hasRoom(loadPercent(memoryBytes, usedMemoryBytes[slot] ?? 0, totalMemoryBytes[slot] ?? 0)) &&
        hasRoom(loadPercent(cpus, usedCpus[slot] ?? 0, totalCpus[slot] ?? 0)),
    );
    return fitting.length === 0 ? -1 : (fitting[Math.floor(random() * fitting.length)] ?? -1);
  },
};
