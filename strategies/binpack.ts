import type { Strategy } from "../src/scheduler/types.ts";
import { byWeight } from "./by-weight.ts";

/** The fullest engine that still has room first, so that others stay free for large containers. */
export const binpackStrategy: Strategy = { name: "binpack", ...byWeight("fullest") };
