import type { Filter, SchedulingRules, StrategyName } from "../../scheduler/types.ts";
import { MoveAdmission } from "./admission.ts";
import { balanceOf } from "./balance.ts";
import { NodeModel } from "./node-model.ts";
import {
  MAX_STAYS,
  type PlanContainer,
  type PlanMove,
  type PlanNode,
  type RebalancePlan,
} from "./plan-types.ts";
import { planFewestNodes } from "./fewest-nodes.ts";
import { planEvenLoad } from "./even-load.ts";

export interface PlanOptions {
  readonly strategy: StrategyName;
  readonly filters: readonly Filter[];
  readonly rules: SchedulingRules;
  /** Most moves. */
  readonly max: number;
}

/** A plan never holds the rules of containers against nodes more often than this: what is found by then is the plan. */
const MAX_LOOKS = 100_000;

/** What the two ways to plan work on. */
export class Draft {
  readonly models: readonly NodeModel[];
  readonly admission: MoveAdmission;
  readonly max: number;
  readonly moves: PlanMove[] = [];
  readonly #stays = new Map<PlanContainer, string>();
  readonly #planned = new Set<PlanContainer>();

  constructor(nodes: readonly PlanNode[], { filters, rules, max }: PlanOptions) {
    this.models = nodes.map((node) => new NodeModel(node));
    this.admission = new MoveAdmission(filters, rules);
    this.max = max;
  }

  /** No more moves, or looks, may be had. */
  get isFull(): boolean {
    return this.moves.length >= this.max || this.admission.looks >= MAX_LOOKS;
  }
  get stays(): RebalancePlan["stays"] {
    return [...this.#stays].map(([container, why]) => ({ container, why }));
  }
  /** Of what is there when all moves are done: what has come by one stays. */
  mayMove(container: PlanContainer): boolean {
    return container.obstacle === undefined && !this.#planned.has(container);
  }
  move(container: PlanContainer, from: NodeModel, to: NodeModel): void {
    from.give(container);
    to.receive(container);
    this.#planned.add(container);
    this.moves.push({ container, from: from.node, to: to.node });
  }
  /** Takes the last moves back, down to so many. */
  undo(count: number): void {
    const models = new Map(this.models.map((model) => [model.node, model]));
    for (const { container, from, to } of this.moves.splice(count).reverse()) {
      models.get(to)?.refuse(container);
      models.get(from)?.keep(container);
      this.#planned.delete(container);
    }
  }
  stay(container: PlanContainer, why: string): void {
    if (this.#stays.size < MAX_STAYS) this.#stays.set(container, why);
  }
}

/**
 * Plans the moves that bring the cluster nearer to what the strategy would have made of it: `spread` evens the load, `binpack` empties nodes, `random`
 * is content with everything. Pure and repeatable. It is a generator so that whoever runs it can do other things in between: each step looks at
 * one node, some milliseconds at most.
 * @param nodes healthy ones that take new containers
 */
export function* plan(nodes: readonly PlanNode[], options: PlanOptions): Generator<undefined, RebalancePlan> {
  const draft = new Draft(nodes, options);
  const before = balanceOf(draft.models);
  if (options.strategy === "spread") yield* planEvenLoad(draft);
  else if (options.strategy === "binpack") yield* planFewestNodes(draft);
  return { before, after: balanceOf(draft.models), moves: draft.moves, stays: draft.stays };
}
