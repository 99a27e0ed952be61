import { clip } from "../src/scheduler/clip.ts";
import type { FilterName, SchedulingRules } from "../src/scheduler/types.ts";

/** One parsed `<key><op>[~]<value>` (spec: scheduling.md §4). */
export interface Expression {
  readonly key: string;
  readonly operator: "==" | "!=";
  /** Without the leading `~`. */
  readonly value: string;
  /** Given up when nothing else fits. */
  readonly soft: boolean;
}

/** An expression nobody can apply. Its text is the contract's (scheduling.md §4). */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ExpressionError";
  }
}

/** The longest expression we read, in UTF-16 units. */
export const MAX_EXPRESSION_LENGTH = 16_384;
/** The most expressions in one list. */
export const MAX_EXPRESSIONS = 1_000;
/** The longest list, all expressions together, in UTF-16 units. */
export const MAX_LIST_LENGTH = 65_536;

const KEY = /^[a-z_][a-z0-9\-_.]+$/i;
// `[ \t\n\f\r]` is what Go's `\s` means; JavaScript's has more.
const CLASSIC_VALUE = /^[=!/]?~?[a-z0-9:\-_ \t\n\f\r.*/()?+[\]\\^$|]+$/i;
const MODERN_VALUE = /^[=!/]?~?[a-z0-9:\-_ \t\n\f\r.*/()?+[\]\\^$|@{},]+$/i;

/**
 * Reads one expression. The operator is the first `==` anywhere, else the first `!=`.
 * @throws ExpressionError with the contract's text
 */
export function parseExpression(text: string, rules: SchedulingRules): Expression {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    throw new ExpressionError(
      `Expression '${clip(text)}' is longer than ${MAX_EXPRESSION_LENGTH} characters`,
    );
  }
  const operator = text.includes("==") ? "==" : "!=";
  const at = text.indexOf(operator);
  if (at < 0) throw new ExpressionError("One of operator ==, != is expected");
  const key = text.slice(0, at);
  const given = text.slice(at + operator.length);
  if (!KEY.test(key)) throw new ExpressionError(`Key '${key}' is invalid`);
  if (!(rules.modern ? MODERN_VALUE : CLASSIC_VALUE).test(given)) {
    throw new ExpressionError(`Value '${given}' is invalid`);
  }
  const soft = given.startsWith("~");
  return { key, operator, value: soft ? given.slice(1) : given, soft };
}

/**
 * Reads a whole list: one bad entry fails it, also when earlier entries already exclude every node.
 * @throws ExpressionError
 */
export function parseExpressions(texts: readonly string[], rules: SchedulingRules): readonly Expression[] {
  if (texts.length > MAX_EXPRESSIONS) {
    throw new ExpressionError(
      `${texts.length} expressions are too many, at most ${MAX_EXPRESSIONS} are read`,
    );
  }
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > MAX_LIST_LENGTH) {
    throw new ExpressionError(`Expressions are longer than ${MAX_LIST_LENGTH} characters together`);
  }
  return texts.map((text) => parseExpression(text, rules));
}

/** `key==value`, the tilde removed: how the contract lists an expression. */
export const formatExpression = ({ key, operator, value }: Expression): string => `${key}${operator}${value}`;

/** `key==value (soft=false)`: how affinities and whitelists are listed. */
export const formatWithSoftness = (expression: Expression): string =>
  `${formatExpression(expression)} (soft=${expression.soft})`;

/** Names one expression of one filter's list, for `PrepareOptions.droppedSoft`. */
export const softKey = (filter: FilterName, index: number): string => `${filter}:${index}`;

/** Which of these expressions are in force, each with its place in the list. */
export function inForce(
  filter: FilterName,
  expressions: readonly Expression[],
  droppedSoft: ReadonlySet<string>,
): readonly Expression[] {
  if (droppedSoft.size === 0) return expressions;
  return expressions.filter(({ soft }, index) => !soft || !droppedSoft.has(softKey(filter, index)));
}
