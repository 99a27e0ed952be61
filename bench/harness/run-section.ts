import { median } from "../client/latencies.ts";
import type { Section } from "../sections/types.ts";
import { Findings, type Figure } from "./figures.ts";
import { thisMachine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { Report } from "./report.ts";

/** Runs a section as often as asked; its figures are the medians of all runs. */
export async function runSection(section: Section, options: BenchOptions): Promise<Report> {
  const runs: Figure[][] = [];
  const faults: string[] = [];
  for (let run = 0; run < options.runs; run++) {
    const findings = new Findings();
    await findings.step(section.name, async () => {
      await section.run(options, findings);
      return [];
    });
    runs.push(findings.figures);
    faults.push(...findings.faults);
  }
  const { engines, containers } = options;
  return {
    section: section.name,
    machine: thisMachine(),
    engines,
    containers,
    figures: medians(runs),
    faults,
  };
}

/** Of figures of the same name; a figure that one run lacks counts in the others. */
export function medians(runs: readonly (readonly Figure[])[]): Figure[] {
  const all = runs.flat();
  const names = [...new Set(all.map(({ what }) => what))];
  return names.flatMap((name) => {
    const same = all.filter(({ what }) => what === name);
    const directs = same.flatMap(({ direct }) => direct ?? []);
    // A target may hang on another figure of its run.
    const targets = same.flatMap(({ target }) => target ?? []);
    const [first] = same;
    if (first === undefined) return [];
    return [
      {
        ...first,
        value: median(same.map(({ value }) => value)),
        ...(targets.length > 0 && { target: median(targets) }),
        ...(directs.length > 0 && { direct: median(directs) }),
      },
    ];
  });
}
