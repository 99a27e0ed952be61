import { expect } from "chai";
import { minimatch } from "minimatch";
import { RE2JS } from "re2js";

import { ExpressionError } from "../../filters/expression.ts";
import { compilePattern } from "../../filters/pattern.ts";

/** A repeatable generator. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("filters/pattern", () => {
  // prettier-ignore
  const cases: readonly (readonly [value: string, text: string, matches: boolean])[] = [
    ["web",            "web",          true],
    ["web",            "web2",         false],
    ["web",            "Web",          false],
    ["*",              "",             true],
    ["*",              ".hidden",      true],
    ["*",              "a/b/c",        true],
    ["*",              "a\nb",         false],
    ["reg:5000/*",     "reg:5000/a/b", true],
    ["a*c",            "abc/abc",      true],
    ["**",             "a/b",          true],
    ["!a*",            "!ab",          true],
    ["!a*",            "b",            false],
    ["a*\u0001",       "a\u0001",      true],
    ["a/*",            "a\u0001b",     false],
    ["..*",            "..",           true],
    ["db?",            "d",            true],
    ["db?",            "db",           true],
    ["db?",            "dbx",          false],
    ["n.",             "n1",           true],
    ["a+",             "aaa",          true],
    ["n1|n2",          "n1xyz",        true],
    ["n1|n2",          "xyzn2",        true],
    ["Debian*(bookworm)", "Debian GNU/Linux 12 (bookworm)", false],
    ["Debian*.bookworm.", "Debian GNU/Linux 12 (bookworm)", true],
    ["/1/",            "n123",         true],
    ["//",             "",             true],
    ["/",              "/",            true],
    ["/",              "a",            false],
    ["/a/b/",          "xa/by",        true],
    ["/(?i)WEB/",      "web",          true],
    ["/^n\\d$/",       "n7",           true],
    ["/^a$/",          "a\n",          false],
    ["/[[:alpha:]]+1/", "n1",          true],
    ["/\\Aa\\z/",      "a",            true],
    ["/n[/",           "n[",           false],
    ["n(",             "n(",           false],
    ["*?+",            "x",            false],
    ["/(?=a)/",        "a",            false],
    ["/(a)\\1/",       "aa",           false],
  ];
  for (const [value, text, matches] of cases) {
    it(`${value} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
      expect(compilePattern(value).matches(text)).to.equal(matches);
    });
  }

  it("reads globs of literals and * exactly as the regular expression they stand for", () => {
    const below = seeded(1);
    const draw = (letters: string, most: number): string =>
      Array.from({ length: below(most + 1) }, () => letters.charAt(below(letters.length))).join("");
    let matched = 0;
    for (let i = 0; i < 4_000; i += 1) {
      const value = draw("ab/*!=-_: *", 6);
      const text = draw("ab/.!=-_: \n\u0001#{}[", below(2) === 0 ? 4 : 8);
      const expected =
        value === "//" || (value.length > 1 && value.startsWith("/") && value.endsWith("/"))
          ? undefined
          : RE2JS.compile(`^${value.replaceAll("*", ".*")}$`).test(text);
      if (expected === undefined) continue;
      const got = compilePattern(value).matches(text);
      if (expected) matched += 1;
      if (got !== expected) expect.fail(`${JSON.stringify(value)} on ${JSON.stringify(text)}: ${got}`);
    }
    expect(matched).to.be.above(150);
  });

  it("needs its preparations: raw minimatch reads paths", () => {
    expect(minimatch("a/b", "*")).to.equal(false);
    expect(minimatch("", "*")).to.equal(false);
    expect(minimatch(".a", "*")).to.equal(false);
  });

  it("tells whether the compared part holds a slash", () => {
    expect(compilePattern("/web/").hasSlash).to.equal(false);
    expect(compilePattern("/n1/web/").hasSlash).to.equal(true);
    expect(compilePattern("n1/*").hasSlash).to.equal(true);
    expect(compilePattern("*web*").hasSlash).to.equal(false);
  });

  it("keeps what it compiled, but only so many", () => {
    const first = compilePattern("keep*me");
    expect(compilePattern("keep*me")).to.equal(first);
    for (let i = 0; i < 40; i += 1) compilePattern(`other-${i}*`);
    expect(compilePattern("keep*me")).to.equal(first);
    for (let i = 0; i < 40; i += 1) compilePattern(`more-${i}*`);
    expect(compilePattern("keep*me")).to.equal(first);
    for (let i = 0; i < 80; i += 1) compilePattern(`yet-more-${i}*`);
    expect(compilePattern("keep*me")).to.not.equal(first);
  });

  it("does not keep long values", () => {
    const long = `/${"x".repeat(300)}/`;
    expect(compilePattern(long)).to.not.equal(compilePattern(long));
  });
});

describe("filters/pattern: hostile values", () => {
  const text = "a".repeat(20_000);

  it("answers what would keep a backtracking engine busy for years", () => {
    for (const value of ["/(a+)+$/", "/(a|a)*$/", "/^(a?)(a*)*(a*)*b/", "/(.*a){20}b/", "/((a*)*)*b$/"]) {
      compilePattern(value).matches(`${text}!`);
    }
    expect(compilePattern("/^(a+)+$/").matches(`${text}!`)).to.equal(false);
    expect(compilePattern("/^(a+)+$/").matches(text)).to.equal(true);
  });

  it("answers globs with hundreds of stars on long texts", () => {
    const stars = `${"*a".repeat(120)}b`;
    expect(compilePattern(stars).matches(text)).to.equal(false);
    expect(compilePattern(stars).matches(`${text}b`)).to.equal(true);
    expect(compilePattern(stars).matches(`${"a".repeat(4_000)}b`)).to.equal(true);
    expect(compilePattern("*a".repeat(1_000)).matches(text)).to.equal(true);
  });

  it("refuses what is too long or multiplies too much", () => {
    expect(() => compilePattern(`/${"x".repeat(5_000)}/`)).to.throw(ExpressionError, /too complex a pattern/);
    expect(() => compilePattern(`/${"a{1000}".repeat(17)}/`)).to.throw(
      ExpressionError,
      /too complex a pattern/,
    );
  });

  it("takes deep nesting and stacked counts as invalid, which match nothing", () => {
    expect(compilePattern(`/${"(".repeat(2_000)}${")".repeat(2_000)}/`).matches("")).to.equal(false);
    expect(compilePattern("/((a{100}){100}){100}/").matches(text)).to.equal(false);
  });
});
