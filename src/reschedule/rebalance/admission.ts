import { fits } from "../../../strategies/score.ts";
import { prepareFilter } from "../../scheduler/pipeline.ts";
import type { Check, Filter, SchedulingRules } from "../../scheduler/types.ts";
import type { NodeModel } from "./node-model.ts";
import type { PlanContainer } from "./plan-types.ts";

const NONE: ReadonlySet<string> = new Set();

/** What one kind of request asks; undefined: it cannot be read. */
interface Prepared {
  readonly all: readonly Check[];
  /** Those about which containers are where: a move elsewhere can break them. */
  readonly affinity: Check | undefined;
}

/** Says whether a move is allowed: by the rules of the container that moves, and by those of the containers it leaves and joins. */
export class MoveAdmission {
  readonly #filters: readonly Filter[];
  readonly #rules: SchedulingRules;
  /** By what is asked: many containers ask the same. */
  readonly #prepared = new Map<string, Prepared | undefined>();
  /** How often a container's rules were held against a node. */
  #looks = 0;

  constructor(filters: readonly Filter[], rules: SchedulingRules) {
    this.#filters = filters;
    this.#rules = rules;
  }

  get looks(): number {
    return this.#looks;
  }

  /** May the container go from one node to the other, with all that is planned already? */
  admits(container: PlanContainer, from: NodeModel, to: NodeModel): boolean {
    this.#looks++;
    if (!fits(container.request, to)) return false;
    const prepared = this.#prepare(container);
    if (!prepared?.all.every((check) => check.admits(to))) return false;
    // Whom it wants to be with may be about to leave.
    if (prepared.affinity?.admits(to.with([...to.containersAfter])) === false) return false;
    return this.#othersMind(from, container, "leaves") && this.#othersMind(to, container, "comes");
  }

  /** Do the containers of a node still have what they ask for when this one leaves or comes? What they lack already does not count. */
  #othersMind(node: NodeModel, moving: PlanContainer, how: "leaves" | "comes"): boolean {
    for (const other of node.containersAfter) {
      if (other === moving || other.request.affinities.length === 0) continue;
      const check = this.#prepare(other)?.affinity;
      if (check === undefined) continue;
      this.#looks++;
      const rest = [...node.containersAfter].filter((each) => each !== other && each !== moving);
      const [before, after] = how === "leaves" ? [[...rest, moving], rest] : [rest, [...rest, moving]];
      if (!check.admits(node.with(after)) && check.admits(node.with(before))) return false;
    }
    return true;
  }

  #prepare({ request }: PlanContainer): Prepared | undefined {
    const { affinities, constraints, whitelists, portBindings, hostNetwork, exposedPorts } = request;
    const key = JSON.stringify([
      affinities,
      constraints,
      whitelists,
      portBindings,
      hostNetwork,
      hostNetwork ? exposedPorts : [],
      request.dependencies,
    ]);
    if (this.#prepared.has(key)) return this.#prepared.get(key);
    const all: Check[] = [];
    let affinity: Check | undefined;
    let readable = true;
    for (const filter of this.#filters) {
      const outcome = prepareFilter(filter, request, NONE, this.#rules);
      if (outcome.kind === "syntax") readable = false;
      else if (outcome.check !== undefined) {
        all.push(outcome.check);
        if (filter.name === "affinity") affinity = outcome.check;
      }
    }
    const prepared = readable ? { all, affinity } : undefined;
    this.#prepared.set(key, prepared);
    return prepared;
  }
}
