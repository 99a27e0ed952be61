import { ExpressionError } from "../../filters/expression.ts";
import { attemptRules } from "./attempt-rules.ts";
import { availabilityRule } from "./availability.ts";
import type { Field, Wanted } from "./field.ts";
import type { Candidate, Check, Filter, PlacementRequest, SchedulingRules, Strategy } from "./types.ts";

/** Where a run of the pipeline ended without a node. */
export type Failure =
  /** This filter left nobody, or could not read its expressions. */
  | { readonly kind: "filter"; readonly name: Filter["name"]; readonly at: number; readonly syntax?: string }
  /** All filters passed, but the rules of this attempt left nobody: engines tried before, a required image. */
  | { readonly kind: "attempt" }
  /** These passed all else, but operators have paused or drained them. */
  | { readonly kind: "unavailable"; readonly nodes: readonly Candidate[] }
  /** Nobody was there to begin with, and no filter minded. */
  | { readonly kind: "empty" }
  /** The strategy found no room. */
  | { readonly kind: "resources" };

/** One run: the ranked nodes, or why there are none. */
export type Run =
  | { readonly kind: "ranked"; readonly ranked: readonly [Candidate, ...Candidate[]] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** What a run is made of. */
export interface Pipeline {
  readonly filters: readonly Filter[];
  readonly strategy: Strategy;
  readonly rules: SchedulingRules;
  readonly random: () => number;
}

/** A filter's check, or the text of the syntax error that prevents it. */
export type Prepared =
  | { readonly kind: "check"; readonly check: Check | undefined }
  | { readonly kind: "syntax"; readonly text: string };

/** Prepares one filter; a syntax error becomes a value. */
export function prepareFilter(
  filter: Filter,
  request: PlacementRequest,
  droppedSoft: ReadonlySet<string>,
  rules: SchedulingRules,
): Prepared {
  try {
    return { kind: "check", check: filter.prepare(request, { droppedSoft, rules }) };
  } catch (error) {
    if (error instanceof ExpressionError) return { kind: "syntax", text: error.message };
    throw error;
  }
}

/** What may differ between the runs for one request. */
export interface RunOptions {
  readonly droppedSoft: ReadonlySet<string>;
  readonly wanted: Wanted;
}

/** Filters in order, each over what the one before left; then the attempt's own rules; then the strategy. */
export function runPipeline(
  { filters, strategy, rules, random }: Pipeline,
  request: PlacementRequest,
  field: Field,
  { droppedSoft, wanted }: RunOptions,
): Run {
  let left = field;
  for (const [at, filter] of filters.entries()) {
    const prepared = prepareFilter(filter, request, droppedSoft, rules);
    if (prepared.kind === "syntax") {
      return failed({ kind: "filter", name: filter.name, at, syntax: prepared.text });
    }
    const { check } = prepared;
    if (check === undefined) continue;
    left = left.admitted(check);
    if (left.isEmpty) return failed({ kind: "filter", name: filter.name, at });
  }
  if (left.isEmpty) return failed({ kind: "empty" });
  for (const rule of attemptRules(request)) {
    const before = left;
    left = left.admitted(rule);
    if (!left.isEmpty) continue;
    return failed(
      rule === availabilityRule ? { kind: "unavailable", nodes: before.candidates() } : { kind: "attempt" },
    );
  }
  const [first, ...others] = left.ranked(strategy, request, random, wanted);
  return first === undefined ? failed({ kind: "resources" }) : { kind: "ranked", ranked: [first, ...others] };
}

const failed = (failure: Failure): Run => ({ kind: "failed", failure });
