import { Minimatch } from "minimatch";
import { RE2JS } from "re2js";

import type { TextPattern } from "../src/scheduler/types.ts";
import { ExpressionError } from "./expression.ts";

/** The right-hand side of an expression, ready to be compared with a node's texts (spec: scheduling.md §4.1). */
export interface Pattern extends TextPattern {
  /** The part that is compared, without the delimiters of `/regex/`, holds a `/`. */
  readonly hasSlash: boolean;
}

/** The longest regular expression, in UTF-16 units. */
export const MAX_REGEX_LENGTH = 4_096;
/** A `{n}` multiplies what stands before it, up to 1,000 times: so many of them bound the compiled program. */
const MAX_REPEATS = 16;

/** Texts and values up to here take the glob path; what is longer goes to the engine with a linear bound. */
const MAX_GLOB_VALUE = 256;
const MAX_GLOB_TEXT = 4_096;

// A compiled expression can grow to some megabytes on hostile texts, hence few.
const KEPT_PATTERNS = 64;
const KEPT_VALUE_LENGTH = 256;

const LITERAL = /^[a-z0-9:\-_ /=!@,]*$/i;
const GLOB = /^[a-z0-9:\-_ /=!@,*]*$/i;

/** Least recently used first: a Map keeps insertion order. A pure memo, the same value always gives the same pattern. */
const kept = new Map<string, Pattern>();

/**
 * Compiles a value. `/…/` is an unanchored regular expression; everything else is a glob in which `*` is any text and every other
 * character keeps its meaning as a regular expression (B16). A lone `/` is plain text (B1). An invalid one matches nothing.
 * @throws ExpressionError when it is too large to be run safely
 */
export function compilePattern(value: string): Pattern {
  const known = kept.get(value);
  if (known !== undefined) {
    kept.delete(value);
    kept.set(value, known);
    return known;
  }
  const pattern = compile(value);
  if (value.length <= KEPT_VALUE_LENGTH) {
    kept.set(value, pattern);
    const oldest = kept.size > KEPT_PATTERNS ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
  }
  return pattern;
}

function compile(value: string): Pattern {
  const isRegex = value.length > 1 && value.startsWith("/") && value.endsWith("/");
  const body = isRegex ? value.slice(1, -1) : value;
  const hasSlash = body.includes("/");
  const parts = { source: value, literal: undefined, hasSlash };
  if (isRegex) return { ...parts, matches: regex(body) };
  if (LITERAL.test(value)) return literalPattern(value);
  if (GLOB.test(value)) return { ...parts, matches: glob(value) };
  return { ...parts, matches: regex(globAsRegex(value)) };
}

/** Matches one text. */
export const literalPattern = (value: string): Pattern => ({
  source: value,
  literal: value,
  hasSlash: value.includes("/"),
  matches: (text) => text === value,
});

const globAsRegex = (value: string): string => `^${value.replaceAll("*", ".*")}$`;

/** Go's regular expressions, in time linear in the text. */
function regex(source: string): (text: string) => boolean {
  if (source.length > MAX_REGEX_LENGTH || (source.match(/\{\d/g)?.length ?? 0) > MAX_REPEATS) {
    throw new ExpressionError("Value is too complex a pattern");
  }
  // Compiled when first asked: listing an error's conditions needs no program. `null` is an invalid one.
  let program: RE2JS | null | undefined;
  return (text) => {
    if (program === undefined) program = compileRegex(source);
    return program?.test(text) ?? false;
  };
}

function compileRegex(source: string): RE2JS | null {
  try {
    return RE2JS.compile(source);
  } catch {
    return null;
  }
}

// minimatch reads paths: `*` stops at a slash, skips a leading dot and wants at least one character. `!` and `#` are special in
// front. So slashes become another character on both sides, and both sides get the same first character.
const SLASH = "\u0001";
const FRONT = "^";
const asPath = (text: string): string => FRONT + text.replaceAll("/", SLASH);
/** Texts in which the stand-in occurs, or a line break, which `.*` does not cross. */
const needsRegex = (text: string): boolean =>
  text.length > MAX_GLOB_TEXT || text.includes("\n") || text.includes(SLASH);

/**
 * A glob of literals and `*` only: the common case, left to minimatch. test/filters/pattern.test.ts proves it equal to the
 * regular expression it stands for.
 */
function glob(value: string): (text: string) => boolean {
  let exact: ((text: string) => boolean) | undefined;
  const viaRegex = (text: string): boolean => (exact ??= regex(globAsRegex(value)))(text);
  if (value.length > MAX_GLOB_VALUE) {
    exact = regex(globAsRegex(value));
    return exact;
  }
  const matcher = new Minimatch(asPath(value), {
    dot: true,
    nobrace: true,
    nocomment: true,
    noext: true,
    noglobstar: true,
    nonegate: true,
    platform: "linux",
  });
  const parts = value.split("*");
  return (text) => {
    if (!hasInOrder(text, parts)) return false;
    return needsRegex(text) ? viaRegex(text) : matcher.match(asPath(text));
  };
}

/** Are the ends and the middle of a glob in the text? Most texts fail here, which costs a tenth of a match. */
function hasInOrder(text: string, parts: readonly string[]): boolean {
  const [first = ""] = parts;
  if (!text.startsWith(first) || !text.endsWith(parts.at(-1) ?? "")) return false;
  let from = first.length;
  for (let at = 1; at < parts.length - 1; at += 1) {
    const part = parts[at] ?? "";
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return true;
}
