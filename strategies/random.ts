import type { Strategy } from "../src/scheduler/types.ts";
import { fits } from "./score.ts";

/** Any engine with room (B14), each order equally likely. */
export const randomStrategy: Strategy = {
  name: "random",
  rank(request, candidates, random) {
    const order = candidates.filter((candidate) => fits(request, candidate));
    // Fisher-Yates: from the end, swap each with one of those not settled yet.
    for (const last of [...order.keys()].reverse()) {
      const pick = Math.floor(random() * (last + 1));
      const [a, b] = [order[last], order[pick]];
      if (a !== undefined && b !== undefined) [order[last], order[pick]] = [b, a];
    }
    return order;
  },
};
