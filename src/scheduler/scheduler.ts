import { parseExpressions, softKey, ExpressionError } from "../../filters/expression.ts";
import { explainRefusal } from "./explain.ts";
import { ListField, type Field, type Wanted } from "./field.ts";
import { runPipeline } from "./pipeline.ts";
import type { Failure, Pipeline, Run } from "./pipeline.ts";
import type { Candidate, FilterName, PlacementRequest, PlacementResult, StrategyName } from "./types.ts";

type RankedRun = Extract<Run, { kind: "ranked" }>;

const NONE: ReadonlySet<string> = new Set();

/**
 * Chooses engines: filters, then a strategy. Keeps nothing between calls and never waits, so whoever reserves the result in the same
 * turn cannot race with another create (spec: scheduling.md §5).
 */
export class Scheduler {
  readonly #pipeline: Pipeline;

  /** `random` yields numbers in [0, 1); only the strategy of that name asks it. */
  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** In the order they apply, for `/info`. */
  get filterNames(): readonly FilterName[] {
    return this.#pipeline.filters.map(({ name }) => name);
  }

  get strategyName(): StrategyName {
    return this.#pipeline.strategy.name;
  }

  /**
   * Ranks the candidates, best first. When nothing fits, soft expressions are given up: all at once, or with modern rules as few as
   * will do, the last given first (B2). A refusal tells about the last try, in which no soft expression counted.
   */
  place(
    request: PlacementRequest,
    candidates: readonly Candidate[] | Field,
    wanted: Wanted = "all",
  ): PlacementResult {
    const field = isField(candidates) ? candidates : new ListField(candidates);
    return new Attempt(this.#pipeline, request, field, wanted).place();
  }
}

const isField = (candidates: readonly Candidate[] | Field): candidates is Field => "admitted" in candidates;

/** One request over one field. */
class Attempt {
  readonly #pipeline: Pipeline;
  readonly #request: PlacementRequest;
  readonly #field: Field;
  readonly #wanted: Wanted;

  constructor(pipeline: Pipeline, request: PlacementRequest, field: Field, wanted: Wanted) {
    this.#pipeline = pipeline;
    this.#request = request;
    this.#field = field;
    this.#wanted = wanted;
  }

  place(): PlacementResult {
    const first = this.#run(NONE);
    if (first.kind === "ranked") return { kind: "placed", ranked: first.ranked };
    const soft = softExpressions(this.#request, this.#pipeline);
    if (soft.length === 0) return this.#refuse(NONE, first.failure);
    const all = new Set(soft);
    const last = this.#run(all);
    if (last.kind === "failed") return this.#refuse(all, last.failure);
    if (!this.#pipeline.rules.modern) return { kind: "placed", ranked: last.ranked };
    return { kind: "placed", ranked: this.#dropFewest(soft, last).ranked };
  }

  /** Dropping more never loses a node, so the fewest drops are found by halving: ten runs for a thousand expressions. */
  #dropFewest(soft: readonly string[], withoutAny: RankedRun): RankedRun {
    let best = withoutAny;
    let kept = 0;
    let tooMany = soft.length;
    while (tooMany - kept > 1) {
      const middle = Math.trunc((kept + tooMany) / 2);
      const run = this.#run(new Set(soft.slice(middle)));
      if (run.kind === "ranked") {
        best = run;
        kept = middle;
      } else {
        tooMany = middle;
      }
    }
    return best;
  }

  #run(droppedSoft: ReadonlySet<string>): Run {
    return runPipeline(this.#pipeline, this.#request, this.#field, { droppedSoft, wanted: this.#wanted });
  }

  #refuse(droppedSoft: ReadonlySet<string>, failure: Failure): PlacementResult {
    const refused = { request: this.#request, field: this.#field, droppedSoft, failure };
    return { kind: "refused", refusal: explainRefusal({ pipeline: this.#pipeline, ...refused }) };
  }
}

/** The keys of all soft expressions, in the order affinities, constraints, whitelists; unreadable lists have none. */
function softExpressions(request: PlacementRequest, { rules }: Pipeline): readonly string[] {
  const lists: readonly (readonly [FilterName, readonly string[]])[] = [
    ["affinity", request.affinities],
    ["constraint", request.constraints],
    ["whitelist", request.whitelists],
  ];
  return lists.flatMap(([name, texts]) => {
    try {
      return parseExpressions(texts, rules).flatMap(({ soft }, index) =>
        soft ? [softKey(name, index)] : [],
      );
    } catch (error) {
      if (error instanceof ExpressionError) return [];
      throw error;
    }
  });
}
