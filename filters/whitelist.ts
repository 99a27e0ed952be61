import { clip } from "../src/scheduler/clip.ts";
import { allOf } from "../src/scheduler/terms.ts";
import type { Filter, Term } from "../src/scheduler/types.ts";
import { formatWithSoftness, inForce, parseExpressions } from "./expression.ts";

/** Of a longer list it is quicker to keep the answers. */
const MAX_LOOKED_UP = 32;

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
      ...allOf(lists.map(listTerm)),
      explain: ({ name }) => {
        const without = lists.find((names) => !names.has(name));
        return without === undefined ? "" : `it is not one of ${clip([...without].join(", "))}`;
      },
    };
  },
};

function listTerm(names: ReadonlySet<string>): Term {
  const term: Term = {
    key: `whitelist ${[...names].join("|")}`,
    reads: ["node"],
    admits: ({ name }) => names.has(name),
  };
  if (names.size > MAX_LOOKED_UP) return term;
  const places = [...names].map((text) => ({ in: "nodes" as const, text }));
  return { ...term, shortcut: { kind: "look", elsewhere: false, places } };
}
