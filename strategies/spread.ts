import type { Strategy } from "../src/scheduler/types.ts";
import { byWeight } from "./by-weight.ts";

/** The emptiest engine first, so that losing one loses little. */
export const spreadStrategy: Strategy = { name: "spread", ...byWeight("emptiest") };
