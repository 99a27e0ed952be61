import { clip } from "../src/scheduler/clip.ts";
import type { Candidate, Filter, SchedulingRules } from "../src/scheduler/types.ts";
import { formatExpression } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { prepareExpressions } from "./expression-check.ts";
import type { AnyText } from "./expression-check.ts";

/** Keeps engines by their own identity and labels (spec: scheduling.md §6.4). */
export const constraintFilter: Filter = {
  name: "constraint",
  prepare: ({ constraints }, options) =>
    prepareExpressions(constraints, options, {
      name: "constraint",
      format: formatExpression,
      textsFor: (key) => (key === "node" ? nodeTexts(options.rules) : labelText(key)),
      explain,
    }),
};

/** The address is known to `node==` in any case, the bare engine ID only in modern rules: table row I01 (B7). */
const nodeTexts =
  ({ modern }: SchedulingRules): AnyText =>
  ({ id, name, addr, engineId }, pattern) =>
    pattern.matches(name) ||
    pattern.matches(id) ||
    pattern.matches(addr) ||
    (modern && pattern.matches(engineId));

/** An engine without the label has the value "": so `key!=x` and `key==*` accept it. */
const labelText =
  (key: string): AnyText =>
  ({ labels }, pattern) =>
    pattern.matches(labels.get(key) ?? "");

function explain(expression: Expression, { labels, name }: Candidate): string {
  const wanted = clip(formatExpression(expression));
  if (expression.key === "node") return `${wanted} is wanted, it is ${clip(name)}`;
  const value = labels.get(expression.key);
  const has =
    value === undefined
      ? `has no label ${clip(expression.key)}`
      : `has ${clip(`${expression.key}=${value}`)}`;
  return `${wanted} is wanted, it ${has}`;
}
