import type { Strategy } from "../src/scheduler/types.ts";
import { rankByWeight } from "./by-weight.ts";

/** The fullest engine that still has room first, so that others stay free for large containers. */
export const binpackStrategy: Strategy = {
  name: "binpack",
  rank: (request, candidates) => rankByWeight(request, candidates, "fullest"),
};
