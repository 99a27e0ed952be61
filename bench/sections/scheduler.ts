import type { Figure } from "../harness/figures.ts";
import { measureScheduler } from "../scheduler.ts";
import type { Section } from "./types.ts";

const KIND_WITH_TARGET = "constraint + affinity";
const TARGETS: Readonly<Record<number, number>> = { 1_000: 20_000, 10_000: 5_000 };
/** At and above this effort three sizes of clusters and every kind of rule are measured, else one of both. */
const WHOLE_EFFORT = 0.5;

/** The scheduler by itself: no engines, no HTTP. */
export const schedulerSection: Section = {
  name: "scheduler",
  about: "placements a second of the scheduler alone, at 100, 1,000 and 10,000 engines",
  run: async ({ effort, only }, findings) => {
    await findings.step("scheduler", async () => {
      const figures = await measureScheduler(
        effort >= WHOLE_EFFORT
          ? { engines: [100, 1_000, 10_000], only }
          : { engines: [100], only: only === "" ? KIND_WITH_TARGET : only },
      );
      return figures.map(({ engines: count, kind, placementsPerSecond }): Figure => {
        const target = kind === KIND_WITH_TARGET ? TARGETS[count] : undefined;
        return {
          ...{ what: `${kind}, ${count} engines`, value: placementsPerSecond, unit: "/s", better: "higher" },
          ...(target !== undefined && { target }),
        };
      });
    });
  },
};
