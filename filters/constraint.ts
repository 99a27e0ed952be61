import { clip } from "../src/scheduler/clip.ts";
import type { Candidate, Filter, SchedulingRules, Term } from "../src/scheduler/types.ts";
import { formatExpression } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { prepareExpressions } from "./expression-check.ts";
import type { Pattern } from "./pattern.ts";

/** Keeps engines by their own identity and labels (spec: scheduling.md §6.4). */
export const constraintFilter: Filter = {
  name: "constraint",
  prepare: ({ constraints }, options) =>
    prepareExpressions(constraints, options, {
      name: "constraint",
      format: formatExpression,
      term: (expression, pattern) => constraintTerm(expression, pattern, options.rules),
      explain,
    }),
};

function constraintTerm(
  { key, operator, value }: Expression,
  pattern: Pattern,
  rules: SchedulingRules,
): Term {
  const wanted = operator === "==";
  const kept = rules.modern ? "modern constraint" : "constraint";
  const term = { key: `${kept} ${key}${operator}${value}`, reads: ["node"] } as const;
  if (key !== "node") {
    // An engine without the label has the value "": so `key!=x` and `key==*` accept it.
    return { ...term, admits: ({ labels }) => pattern.matches(labels.get(key) ?? "") === wanted };
  }
  const admits = (candidate: Candidate): boolean => isCalled(candidate, pattern, rules) === wanted;
  const { literal: text } = pattern;
  if (text === undefined) return { ...term, admits };
  return { ...term, admits, shortcut: { kind: "look", elsewhere: !wanted, places: [{ in: "nodes", text }] } };
}

/** The address is known to `node==` in any case, the bare engine ID only in modern rules: table row I01 (B7). */
const isCalled = (
  { id, name, addr, engineId }: Candidate,
  pattern: Pattern,
  { modern }: SchedulingRules,
): boolean =>
  pattern.matches(name) ||
  pattern.matches(id) ||
  pattern.matches(addr) ||
  (modern && pattern.matches(engineId));

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
