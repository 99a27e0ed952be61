import type { Candidate, Check, FilterName, PrepareOptions } from "../src/scheduler/types.ts";
import { inForce, parseExpressions } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { compilePattern } from "./pattern.ts";
import type { Pattern } from "./pattern.ts";

/** Does any text this candidate offers for the expression's key satisfy `pattern`? Walks, never collects. */
export type AnyText = (candidate: Candidate, pattern: Pattern) => boolean;

/** What a filter of expressions must say about itself. */
export interface ExpressionFilterParts {
  readonly name: FilterName;
  readonly format: (expression: Expression) => string;
  /** Chooses, once per expression, how candidates are read for its key. */
  readonly textsFor: (key: string) => AnyText;
  /** Why `expression` refuses this candidate. */
  readonly explain: (expression: Expression, candidate: Candidate) => string;
}

/**
 * The common part of the affinity and constraint filters: `==` wants one text to match, `!=` wants none to; all expressions must hold.
 * @throws ExpressionError
 */
export function prepareExpressions(
  texts: readonly string[],
  options: PrepareOptions,
  parts: ExpressionFilterParts,
): Check | undefined {
  if (texts.length === 0) return undefined;
  const expressions = parseExpressions(texts, options.rules);
  const tests = inForce(parts.name, expressions, options.droppedSoft).map((expression) => {
    const pattern = compilePattern(expression.value);
    const anyText = parts.textsFor(expression.key);
    const wanted = expression.operator === "==";
    return { expression, admits: (candidate: Candidate) => anyText(candidate, pattern) === wanted };
  });
  return {
    conditions: expressions.map(parts.format),
    admits: (candidate) => tests.every((test) => test.admits(candidate)),
    explain: (candidate) => {
      const failed = tests.find((test) => !test.admits(candidate))?.expression;
      return failed === undefined ? "" : parts.explain(failed, candidate);
    },
  };
}
