import { clip } from "../src/scheduler/clip.ts";
import type { Filter } from "../src/scheduler/types.ts";
import { formatWithSoftness, inForce, parseExpressions } from "./expression.ts";

/**
 * Keeps engines named in a list, `node==n1|n2`: literal names, no globs. Key and operator are read and ignored; several lists
 * intersect (spec: scheduling.md §6.5).
 */
export const whitelistFilter: Filter = {
  name: "whitelist",
  prepare({ whitelists }, { droppedSoft, rules }) {
    if (whitelists.length === 0) return undefined;
    const expressions = parseExpressions(whitelists, rules);
    const lists = inForce("whitelist", expressions, droppedSoft).map(
      ({ value }) => new Set(value.split("|")),
    );
    return {
      conditions: expressions.map(formatWithSoftness),
      admits: ({ name }) => lists.every((names) => names.has(name)),
      explain: ({ name }) => {
        const without = lists.find((names) => !names.has(name));
        return without === undefined ? "" : `it is not one of ${clip([...without].join(", "))}`;
      },
    };
  },
};
