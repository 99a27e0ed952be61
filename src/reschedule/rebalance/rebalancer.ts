import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import { forEachLimited } from "../../cluster/for-each-limited.ts";
import { limited } from "../../cluster/limited.ts";
import { conflict } from "../../errors.ts";
import type { EventNode } from "../../events/types.ts";
import type { Leadership, Term } from "../../replication/leadership.ts";
import { NoPrimaryError } from "../../replication/manager-role.ts";
import type { Filter, SchedulingRules, StrategyName } from "../../scheduler/types.ts";
import { stays, type Announce, type Moves, type PlannedOutcome } from "../ports.ts";
import { MoveAdmission } from "./admission.ts";
import { NodeModel } from "./node-model.ts";
import type { PlanContainer, PlanMove, RebalancePlan } from "./plan-types.ts";
import { plan } from "./plan.ts";
import { balanced, snapshot } from "./snapshot.ts";

/** Planning lets others run after so many milliseconds. */
const SLICE_MS = 10;
/** The event is about no single node. */
const WHOLE_CLUSTER: EventNode = { name: "", id: "", addr: "", ip: "" };

export interface RebalancerDependencies {
  readonly cluster: Pick<Cluster, "healthy" | "containers">;
  readonly moves: Pick<Moves, "ready" | "obstacle" | "move">;
  readonly leadership: Leadership;
  readonly announce: Announce;
  readonly strategy: StrategyName;
  readonly filters: readonly Filter[];
  readonly rules: SchedulingRules;
  readonly log: Logger;
}

/** What a rebalance tells as it goes. Node names and container names. */
export type RebalanceStep =
  | { readonly kind: "plan"; readonly moves: number }
  | { readonly kind: "moving" | "moved"; readonly name: string; readonly from: string; readonly to: string }
  | { readonly kind: "stays"; readonly name: string; readonly why: string };

export interface RebalanceOrder {
  /** Most moves. */
  readonly max: number;
  /** Moves at once. */
  readonly parallel: number;
  /** No new moves begin when it fires; those under way are finished. */
  readonly left: AbortSignal;
  readonly report: (step: RebalanceStep) => void;
}

/** Plans and makes the moves that balance the cluster, one rebalance at a time. */
export class Rebalancer implements AsyncDisposable {
  readonly #dependencies: RebalancerDependencies;
  readonly #life = new AbortController();
  readonly #planning = limited(1);
  #running: Promise<unknown> | undefined;

  constructor(dependencies: RebalancerDependencies) {
    this.#dependencies = dependencies;
  }

  /** The strategy that says what balance is. */
  get strategy(): StrategyName {
    return this.#dependencies.strategy;
  }

  /** @throws the signal's reason when it fires first */
  plan(max: number, signal: AbortSignal): Promise<RebalancePlan> {
    const { cluster, strategy, filters, rules } = this.#dependencies;
    return this.#planning(async () => {
      signal.throwIfAborted();
      const steps = plan(snapshot(balanced(cluster), this.#dependencies), { strategy, filters, rules, max });
      let since = performance.now();
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
        if (performance.now() - since < SLICE_MS) continue;
        await setImmediate(undefined, { signal });
        since = performance.now();
      }
    });
  }

  /**
   * Plans anew and makes the moves. Those that do not begin because this manager stops or no longer leads count as stayed.
   * @throws ApiError 409 while another one is under way, NoPrimaryError when this manager does not lead, or has only just begun to
   */
  async run(order: RebalanceOrder): Promise<{ readonly moved: number; readonly stayed: number }> {
    const term = this.#dependencies.leadership.term;
    if (term?.held() !== true || !this.#dependencies.moves.ready || this.#life.signal.aborted)
      throw new NoPrimaryError("this manager moves no containers now: another one leads, or none");
    if (this.#running !== undefined) throw conflict("a rebalance is under way already");
    const running = this.#run(order, term);
    this.#running = running.catch(() => undefined);
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** No new moves begin. Resolves when those under way have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#running;
  }

  async #run({ max, parallel, left, report }: RebalanceOrder, term: Term) {
    const { announce, log } = this.#dependencies;
    const signal = AbortSignal.any([this.#life.signal, term.lost]);
    const planned = await this.plan(max, AbortSignal.any([left, signal]));
    report({ kind: "plan", moves: planned.moves.length });
    const about = { moves: String(planned.moves.length) };
    log.info(about, "Rebalancing");
    announce({ action: "rebalance_start", node: WHOLE_CLUSTER, actorId: "", attributes: about });
    let moved = 0;
    let stayed = 0;
    await forEachLimited(planned.moves, parallel, async (move) => {
      if (left.aborted) return;
      const name = nameOf(move.container);
      const way = { name, from: move.from.name, to: move.to.name };
      const mayMove = !signal.aborted && term.held();
      if (mayMove) report({ kind: "moving", ...way });
      const outcome = mayMove
        ? await this.#move(move, signal)
        : stays("this manager moves no containers any more");
      if (outcome.kind === "moved") {
        moved++;
        report({ kind: "moved", ...way, to: outcome.to.name });
      } else {
        stayed++;
        log.info({ ...way, why: outcome.why }, "Container not moved by the rebalance");
        report({ kind: "stays", name, why: outcome.why });
      }
    });
    const facts = { moved: String(moved), stays: String(planned.moves.length - moved) };
    log.info(facts, "Rebalanced");
    announce({ action: "rebalance_done", node: WHOLE_CLUSTER, actorId: "", attributes: facts });
    return { moved, stayed };
  }

  /** Much may have happened since the plan: looks again, right before. */
  async #move({ container, from, to }: PlanMove, signal: AbortSignal): Promise<PlannedOutcome> {
    const { cluster, moves, filters, rules } = this.#dependencies;
    const record = cluster.containers.byId(container.id);
    if (record?.engine.id !== from.id) return stays("it is not there any more");
    const target = balanced(cluster).find(({ id }) => id === to.id);
    if (target === undefined) return stays(`${to.name} takes no containers now`);
    const [source, destination] = snapshot([record.engine, target], this.#dependencies);
    const now = source?.containers.find(({ id }) => id === container.id);
    if (source === undefined || destination === undefined || now === undefined)
      return stays("it is not there any more");
    if (now.obstacle !== undefined) return stays(now.obstacle);
    const admission = new MoveAdmission(filters, rules);
    if (!admission.admits(now, new NodeModel(source), new NodeModel(destination)))
      return stays(`${to.name} does not take it any more`);
    return await moves.move({ record, reason: "rebalance", target, signal });
  }
}

const nameOf = ({ names, id }: PlanContainer): string => names[0] ?? id.slice(0, 12);
