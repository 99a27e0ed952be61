import { RE2JS } from "re2js";

/** Longer patterns are only compared, never compiled. */
const maxPatternChars = 1_000;
/** Patterns that compile to more instructions than this are only compared: matching costs instructions times characters, per object. */
const maxProgramSize = 10_000;

const metacharacters = /[\\^$.|?*+()[\]{}]/;

/** Says whether a text satisfies a pattern. */
export type TextTest = (text: string) => boolean;

/**
 * The engine's matching of filter values: equal, or found anywhere by the pattern in Go's syntax. A pattern that does not compile, or is out of all
 * proportion, can only be equal. Runs in linear time whatever the pattern.
 */
export function exactOrRegex(pattern: string): TextTest {
  const found = regexTest(pattern);
  return (text) => text === pattern || found(text);
}

/** Any of several, each as in {@link exactOrRegex}. Compiles each once. */
export function anyPattern(patterns: readonly string[]): TextTest {
  const tests = patterns.map(exactOrRegex);
  return (text) => tests.some((test) => test(text));
}

/** The same test, for texts of which there are few: each is looked at once. */
export function remembered(test: TextTest): TextTest {
  const known = new Map<string, boolean>();
  return (text) => {
    let answer = known.get(text);
    if (answer === undefined) known.set(text, (answer = test(text)));
    return answer;
  };
}

function regexTest(pattern: string): TextTest {
  if (!metacharacters.test(pattern)) return (text) => text.includes(pattern);
  const compiled = compile(pattern);
  return compiled === undefined ? () => false : (text) => compiled.test(text);
}

function compile(pattern: string): RE2JS | undefined {
  if (pattern.length > maxPatternChars) return undefined;
  try {
    const compiled = RE2JS.compile(pattern);
    return compiled.programSize() <= maxProgramSize ? compiled : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A shell-like pattern over paths as Go's `path.Match` reads it: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are sets, `\` escapes.
 * @returns `undefined` when the pattern is malformed or out of all proportion
 */
export function pathGlob(pattern: string): TextTest | undefined {
  if (!/[*?[\\]/.test(pattern)) return (text) => text === pattern;
  const source = globSource(pattern);
  const compiled = source === undefined ? undefined : compile(`^(?:${source})$`);
  return compiled === undefined ? undefined : (text) => compiled.test(text);
}

function globSource(pattern: string): string | undefined {
  let source = "";
  const chars = Array.from(pattern);
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? "";
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "\\") {
      at += 1;
      const escaped = chars[at];
      if (escaped === undefined) return undefined;
      source += RE2JS.quote(escaped);
    } else if (char === "[") {
      const end = chars.indexOf("]", at + (chars[at + 1] === "^" ? 3 : 2));
      if (end < 0) return undefined;
      source += `[${chars
        .slice(at + 1, end)
        .join("")
        .replaceAll("[", String.raw`\[`)}]`;
      at = end;
    } else source += RE2JS.quote(char);
  }
  return source;
}
