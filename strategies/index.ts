import type { Strategy } from "../src/scheduler/types.ts";
import { binpackStrategy } from "./binpack.ts";
import { randomStrategy } from "./random.ts";
import { spreadStrategy } from "./spread.ts";

/** Every strategy; the first is the default. */
export const STRATEGIES: readonly Strategy[] = [spreadStrategy, binpackStrategy, randomStrategy];

/**
 * The strategy of this name; `binpacking` means `binpack`.
 * @throws Error `strategy not supported`
 */
export function strategyByName(name: string): Strategy {
  const wanted = name === "binpacking" ? "binpack" : name;
  const strategy = STRATEGIES.find((known) => known.name === wanted);
  if (strategy === undefined) throw new Error("strategy not supported");
  return strategy;
}
