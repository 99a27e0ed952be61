import { compareNatural } from "../../scheduler/natural-order.ts";
import type { NodeModel } from "./node-model.ts";
import type { Balance } from "./plan-types.ts";

/** How loaded the nodes are when the moves planned so far are done. */
export function balanceOf(models: readonly NodeModel[]): Balance {
  const scores = models.map(({ score }) => score);
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(scores.length, 1);
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / Math.max(scores.length, 1);
  return {
    spread: rounded(Math.sqrt(variance)),
    nodes: [...models]
      .sort(byName)
      .map(({ name, countAfter, score }) => ({ name, containers: countAfter, score: rounded(score) })),
  };
}

/** The natural order of names; two nodes of one name by address. */
export const byName = (a: NodeModel, b: NodeModel): number =>
  compareNatural(a.name, b.name) || compareNatural(a.addr, b.addr);

const rounded = (value: number): number => Math.round(value * 100) / 100;
