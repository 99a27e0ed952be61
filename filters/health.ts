import { allOf } from "../src/scheduler/terms.ts";
import type { Check, Filter } from "../src/scheduler/types.ts";

const check: Check = {
  conditions: [],
  ...allOf([{ key: "health", reads: ["node"], admits: ({ healthIndicator }) => healthIndicator > 0 }]),
  explain: () => "it does not answer",
};

/** Keeps engines that answer (spec: scheduling.md §6, §7.1). */
export const healthFilter: Filter = { name: "health", prepare: () => check };
