import { clip } from "../src/scheduler/clip.ts";
import { FLAGS } from "../src/scheduler/dependency-flags.ts";
import { allOf } from "../src/scheduler/terms.ts";
import type { Filter, Term } from "../src/scheduler/types.ts";

/** Keeps engines on which every container the request refers to lives. Never soft (spec: scheduling.md §6.2). */
export const dependencyFilter: Filter = {
  name: "dependency",
  prepare({ dependencies }) {
    if (dependencies.length === 0) return undefined;
    return {
      conditions: dependencies.map(({ kind, raw }) => `${FLAGS[kind]}=${raw}`),
      ...allOf(dependencies.map(({ reference }) => livesHere(reference))),
      explain: (candidate) => {
        const missing = dependencies.find(({ reference }) => !candidate.hasContainer(reference));
        return missing === undefined ? "" : `it has no container ${clip(missing.reference)}`;
      },
    };
  },
};

/** Asks for a container this reference means. */
export const livesHere = (reference: string): Term => ({
  key: `dependency ${reference}`,
  reads: ["containers", "node"],
  admits: (candidate) => candidate.hasContainer(reference),
  shortcut: { kind: "look", elsewhere: false, places: [{ in: "references", text: reference }] },
});
