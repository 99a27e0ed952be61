import { allOf } from "../src/scheduler/terms.ts";
import type { Candidate, Check, FilterName, PrepareOptions, Term } from "../src/scheduler/types.ts";
import { inForce, parseExpressions } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { compilePattern } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";

/** What a filter of expressions must say about itself. */
export interface ExpressionFilterParts {
  readonly name: FilterName;
  readonly format: (expression: Expression) => string;
  /** What an expression asks: `==` wants one text of the candidate to match, `!=` wants none to. */
  readonly term: (expression: Expression, pattern: Pattern) => Term;
  /** Why `expression` refuses this candidate. */
  readonly explain: (expression: Expression, candidate: Candidate) => string;
}

/**
 * The common part of the affinity and constraint filters: all expressions must hold.
 * @throws ExpressionError
 */
export function prepareExpressions(
  texts: readonly string[],
  options: PrepareOptions,
  parts: ExpressionFilterParts,
): Check | undefined {
  if (texts.length === 0) return undefined;
  const expressions = parseExpressions(texts, options.rules);
  const wanted = inForce(parts.name, expressions, options.droppedSoft);
  const terms = wanted.map((expression) => parts.term(expression, compilePattern(expression.value)));
  return {
    conditions: expressions.map(parts.format),
    ...allOf(terms),
    explain: (candidate) => {
      const failed = wanted[terms.findIndex((term) => !term.admits(candidate))];
      return failed === undefined ? "" : parts.explain(failed, candidate);
    },
  };
}
