import type { AttemptRule } from "./attempt-rules.ts";
import { clip } from "./clip.ts";
import { compareNatural } from "./natural-order.ts";
import { allOf } from "./terms.ts";
import type { Candidate } from "./types.ts";

/** More nodes of a kind than this are counted, not named. */
const MAX_NAMES = 3;

/** Keeps whatever leaves something behind off nodes that are paused or drained. */
export const availabilityRule: AttemptRule = {
  name: "availability",
  ...allOf([
    { key: "availability", reads: ["node"], admits: ({ availability }) => availability === "active" },
  ]),
  explain: (candidate) => unavailableText([candidate]),
};

/** `node-2 is drained, node-3 and node-4 are paused`; `17 nodes are drained`. For nodes that are not active. */
export function unavailableText(nodes: readonly Candidate[]): string {
  const named = (wanted: Candidate["availability"]): readonly string[] =>
    nodes.filter(({ availability }) => availability === wanted).map(({ name }) => name);
  return [said(named("drain"), "drained"), said(named("pause"), "paused")]
    .filter((part) => part !== "")
    .join(", ");
}

function said(names: readonly string[], what: string): string {
  if (names.length === 0) return "";
  if (names.length > MAX_NAMES) return `${names.length} nodes are ${what}`;
  const sorted = [...names].sort(compareNatural).map((name) => clip(name));
  const last = sorted.pop() ?? "";
  return sorted.length === 0 ? `${last} is ${what}` : `${sorted.join(", ")} and ${last} are ${what}`;
}
