import { compareNatural } from "../../scheduler/natural-order.ts";
import { byName } from "./balance.ts";
import type { NodeModel } from "./node-model.ts";
import type { PlanContainer } from "./plan-types.ts";
import type { Draft } from "./plan.ts";

/**
 * The least gain a move must have: that of moving one container without reservations between nodes that differ by two. Gain is by how much the sum of
 * the squared scores falls.
 */
const MIN_GAIN = 2;
/** Scores are sums of fractions. */
const ROUNDING = 1e-6;
/** Lightest nodes looked at together. */
const TARGETS = 64;

interface Option {
  readonly container: PlanContainer;
  readonly to: NodeModel;
  readonly gain: number;
}

/** Again and again: the move with the largest gain off the most loaded node that has one. A node that has none stays without one, since others only fill up. */
export function* planEvenLoad(draft: Draft): Generator<undefined, void> {
  const sources = new Set(draft.models);
  const byLoad = [...draft.models];
  while (!draft.isFull) {
    byLoad.sort((a, b) => a.score - b.score || byName(a, b));
    const from = byLoad.findLast((model) => sources.has(model));
    if (from === undefined) return;
    yield;
    const best = yield* bestMove(draft, from, byLoad);
    if (best === undefined) sources.delete(from);
    else draft.move(best.container, from, best.to);
  }
}

function* bestMove(
  draft: Draft,
  from: NodeModel,
  byLoad: readonly NodeModel[],
): Generator<undefined, Option | undefined> {
  const kinds = oneOfEachKind(draft, from);
  const refused = new Map<PlanContainer, string>();
  for (let start = 0; start < byLoad.length && !draft.isFull; start += TARGETS) {
    const targets = byLoad.slice(start, start + TARGETS);
    const lightest = targets[0]?.score ?? Infinity;
    // What no target of this score or more can exceed, whatever its size.
    const bound = Math.max(...kinds.map((kind) => gainOf(from.score, from.weightOf(kind), lightest, 1)), 0);
    if (bound < MIN_GAIN - ROUNDING) break;
    const options = kinds.flatMap((container) => optionsOf(container, from, targets));
    options.sort(
      (a, b) =>
        b.gain - a.gain || compareNatural(nameOf(a.container), nameOf(b.container)) || byName(a.to, b.to),
    );
    for (const option of options) {
      if (option.container.obstacle !== undefined) refused.set(option.container, option.container.obstacle);
      else if (draft.admission.admits(option.container, from, option.to)) return option;
      else refused.set(option.container, "no node with less load takes it");
    }
    yield;
  }
  for (const [container, why] of refused) draft.stay(container, why);
  return undefined;
}

function optionsOf(container: PlanContainer, from: NodeModel, targets: readonly NodeModel[]): Option[] {
  const options: Option[] = [];
  for (const to of targets) {
    if (to === from) continue;
    const gain = gainOf(from.score, from.weightOf(container), to.score, to.weightOf(container));
    if (gain >= MIN_GAIN - ROUNDING) options.push({ container, to, gain });
  }
  return options;
}

/** (from² + to²) − ((from − weight)² + (to + weightThere)²) */
const gainOf = (from: number, weight: number, to: number, weightThere: number): number =>
  weight * (2 * from - weight) - weightThere * (2 * to + weightThere);

/** Of containers that weigh and ask the same, the first by name will do. */
function oneOfEachKind(draft: Draft, from: NodeModel): PlanContainer[] {
  const kinds = new Map<string, PlanContainer>();
  for (const container of from.containersAfter) {
    if (container.obstacle === undefined && !draft.mayMove(container)) continue;
    const { request } = container;
    // An obstacle is told of each container.
    const key =
      container.obstacle === undefined && request.affinities.length === 0
        ? JSON.stringify([
            container.memoryBytes,
            container.cpus,
            request.constraints,
            request.whitelists,
            container.usedPorts,
            container.hostModePorts,
            container.labels,
          ])
        : container.id;
    const known = kinds.get(key);
    if (known === undefined || compareNatural(nameOf(container), nameOf(known)) < 0)
      kinds.set(key, container);
  }
  return [...kinds.values()];
}

const nameOf = ({ names, id }: PlanContainer): string => names[0] ?? id;
