import { clip } from "./clip.ts";
import { compareNatural } from "./natural-order.ts";

/** More nodes than this are counted, not named. */
const MAX_NAMES = 3;

/** `on node-1 only`, `on node-1 and node-2 only`, `on 17 nodes only`. */
export function whereabouts(names: readonly string[]): string {
  if (names.length === 0) return "on no node";
  if (names.length > MAX_NAMES) return `on ${names.length} nodes only`;
  const sorted = [...names].sort(compareNatural).map((name) => clip(name));
  const last = sorted.pop() ?? "";
  return sorted.length === 0 ? `on ${last} only` : `on ${sorted.join(", ")} and ${last} only`;
}
