import { byName } from "./balance.ts";
import type { NodeModel } from "./node-model.ts";
import type { PlanContainer } from "./plan-types.ts";
import type { Draft } from "./plan.ts";

/**
 * Empties nodes, those with the fewest containers first, into the fullest that take their containers. A node that cannot be emptied as a whole keeps all
 * it has: a part would gain nothing.
 */
export function* planFewestNodes(draft: Draft): Generator<undefined, void> {
  const sources = draft.models
    .filter(({ countAfter }) => countAfter > 0)
    .sort((a, b) => a.countAfter - b.countAfter || a.score - b.score || byName(a, b));
  const emptied = new Set<NodeModel>();
  const filled = new Set<NodeModel>();
  for (const from of sources) {
    if (draft.isFull) return;
    if (filled.has(from)) continue;
    yield;
    const targets = draft.models
      .filter((model) => model !== from && model.countAfter > 0 && !emptied.has(model))
      .sort((a, b) => b.score - a.score || byName(a, b));
    const taken = empty(draft, from, targets);
    if (taken === undefined) continue;
    emptied.add(from);
    for (const model of taken) filled.add(model);
  }
}

/** @returns the nodes that take what it has; undefined: it keeps all of it */
function empty(
  draft: Draft,
  from: NodeModel,
  targets: readonly NodeModel[],
): readonly NodeModel[] | undefined {
  const containers = [...from.containersAfter].sort((a, b) => weight(from, b) - weight(from, a));
  const obstacles = containers.filter(({ obstacle }) => obstacle !== undefined);
  if (obstacles.length > 0 || from.node.reserved.containers.length > 0) {
    for (const container of obstacles) draft.stay(container, container.obstacle ?? "");
    return undefined;
  }
  const before = draft.moves.length;
  if (before + containers.length > draft.max) {
    const why = `emptying ${from.name} takes ${containers.length} moves, and ${draft.max - before} may be made`;
    for (const container of containers) draft.stay(container, why);
    return undefined;
  }
  const taken: NodeModel[] = [];
  for (const container of containers) {
    const to = targets.find((target) => draft.admission.admits(container, from, target));
    if (to === undefined) {
      draft.undo(before);
      draft.stay(container, "no other node takes it");
      return undefined;
    }
    draft.move(container, from, to);
    taken.push(to);
  }
  return taken;
}

const weight = (node: NodeModel, container: PlanContainer): number => node.weightOf(container);
