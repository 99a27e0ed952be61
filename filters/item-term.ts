import type { Candidate, Dimension, Term, TextPattern } from "../src/scheduler/types.ts";

/** Admits the candidates of which some item matches; or those of which none does, with `wanted` false. */
export function itemTerm(dimension: Dimension, pattern: TextPattern, wanted: boolean): Term {
  const test = (text: string): boolean => pattern.matches(text);
  const { of } = dimension;
  return {
    key: "",
    reads: [of === "images" ? "images" : "containers", "node"],
    admits: (candidate) => someItem(dimension, candidate, test) === wanted,
    shortcut: { kind: "texts", dimension, pattern, wanted },
  };
}

function someItem(dimension: Dimension, candidate: Candidate, test: (text: string) => boolean): boolean {
  for (const item of candidate[dimension.of]) if (dimension.someText(item, candidate.name, test)) return true;
  return false;
}
