import { expect } from "chai";

import {
  ExpressionError,
  formatExpression,
  formatWithSoftness,
  MAX_EXPRESSION_LENGTH,
  MAX_EXPRESSIONS,
  parseExpression,
  parseExpressions,
} from "../../filters/expression.ts";

const classic = { modern: false };

describe("filters/expression", () => {
  // prettier-ignore
  const good: readonly (readonly [text: string, key: string, operator: string, value: string, soft: boolean])[] = [
    ["node==n1",       "node",   "==", "n1",   false],
    ["node!=~n1",      "node",   "!=", "n1",   true],
    ["com.x-y_z==1",   "com.x-y_z", "==", "1", false],
    ["_a==x",          "_a",     "==", "x",    false],
    ["NODE==x",        "NODE",   "==", "x",    false],
    ["storage===ssd",  "storage", "==", "=ssd", false],
    ["node===~n1",     "node",   "==", "=~n1", false],
    ["node==~/",       "node",   "==", "/",    true],
  ];
  for (const [text, key, operator, value, soft] of good) {
    it(`reads ${text}`, () => {
      expect(parseExpression(text, classic)).to.deep.equal({ key, operator, value, soft });
    });
  }

  // prettier-ignore
  const bad: readonly (readonly [text: string, message: string])[] = [
    ["",               "One of operator ==, != is expected"],
    ["node=n1",        "One of operator ==, != is expected"],
    ["node!==n1",      "Key 'node!' is invalid"],
    ["==n1",           "Key '' is invalid"],
    ["a==x",           "Key 'a' is invalid"],
    ["node\n==x",      "Key 'node\n' is invalid"],
    ["node==~",        "Value '~' is invalid"],
    ["node==a\u000bb", "Value 'a\u000bb' is invalid"],
    ["node==a\u00a0b", "Value 'a\u00a0b' is invalid"],
    ["node==ä",        "Value 'ä' is invalid"],
    ["node==<b>",      "Value '<b>' is invalid"],
    ["node==\ud800",   "Value '\ud800' is invalid"],
  ];
  for (const [text, message] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseExpression(text, classic))
        .to.throw(ExpressionError)
        .with.property("message", message);
    });
  }

  it("allows @ { } and commas with modern rules only", () => {
    for (const value of ["a@b", "a,b", "/a{2}/", "name@sha256:12"]) {
      expect(() => parseExpression(`node==${value}`, classic)).to.throw(ExpressionError);
      expect(parseExpression(`node==${value}`, { modern: true }).value).to.equal(value);
    }
  });

  it("writes an expression as the contract lists it", () => {
    const expression = parseExpression("node!=~n1", classic);
    expect(formatExpression(expression)).to.equal("node!=n1");
    expect(formatWithSoftness(expression)).to.equal("node!=n1 (soft=true)");
  });

  it("bounds one expression without repeating it", () => {
    const long = (length: number): string => `node==${"x".repeat(length - 6)}`;
    expect(parseExpression(long(MAX_EXPRESSION_LENGTH), classic).value).to.have.length(
      MAX_EXPRESSION_LENGTH - 6,
    );
    expect(() => parseExpression(long(MAX_EXPRESSION_LENGTH + 1), classic))
      .to.throw(ExpressionError, /^Expression 'node==x+…' is longer than 16384 characters$/)
      .with.property("message")
      .that.has.length.below(200);
  });

  it("bounds a list", () => {
    const many = (count: number, text = "node==x"): string[] => Array.from({ length: count }, () => text);
    expect(parseExpressions(many(MAX_EXPRESSIONS), classic)).to.have.length(MAX_EXPRESSIONS);
    expect(() => parseExpressions(many(10_000), classic)).to.throw(
      ExpressionError,
      /^10000 expressions are too many, at most 1000 are read$/,
    );
    expect(() => parseExpressions(many(10, `node==${"x".repeat(10_000)}`), classic)).to.throw(
      ExpressionError,
      /^Expressions are longer than 65536 characters together$/,
    );
  });
});
