import { clip } from "../src/scheduler/clip.ts";
import { FLAGS } from "../src/scheduler/dependency-flags.ts";
import type { Filter } from "../src/scheduler/types.ts";

/** Keeps engines on which every container the request refers to lives. Never soft (spec: scheduling.md §6.2). */
export const dependencyFilter: Filter = {
  name: "dependency",
  prepare({ dependencies }) {
    if (dependencies.length === 0) return undefined;
    return {
      conditions: dependencies.map(({ kind, raw }) => `${FLAGS[kind]}=${raw}`),
      admits: (candidate) => dependencies.every(({ reference }) => candidate.hasContainer(reference)),
      explain: (candidate) => {
        const missing = dependencies.find(({ reference }) => !candidate.hasContainer(reference));
        return missing === undefined ? "" : `it has no container ${clip(missing.reference)}`;
      },
    };
  },
};
