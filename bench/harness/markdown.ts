import type { Figure } from "./figures.ts";
import { holds, short, type Report } from "./report.ts";
import type { SavedResult } from "./results.ts";

/** All saved figures as the tables of docs/benchmarks.md, a section and size each. */
export const markdownTables = (results: readonly SavedResult[]): string => results.map(tableOf).join("\n\n");

function tableOf({ section, engines, containers, runs, date, machine, figures }: SavedResult): string {
  const size =
    engines === 1_000 && containers === 30 ? "" : ` --engines ${engines} --containers ${containers}`;
  const title = `\`npm run bench -- ${section}${size} --runs ${runs}\` (${date}, ${machine.commit})`;
  const report = { section, engines, containers, machine, figures, faults: [] };
  return [title, "", "| what | measured | target | direct |", "| --- | --- | --- | --- |"]
    .concat(figures.map((figure) => rowOf(figure, report)))
    .join("\n");
}

function rowOf(figure: Figure, report: Report): string {
  const { what, value, unit, better, target, direct } = figure;
  const held = holds(figure, report);
  const aim =
    held === undefined
      ? ""
      : `${better === "higher" ? "≥" : "≤"} ${short(target ?? 0)}${held ? "" : ", **missed**"}`;
  const ratio = direct === undefined ? "" : `${short(direct)} ${unit} (${short(value / direct)}×)`;
  return `| ${what} | ${short(value)} ${unit} | ${aim} | ${ratio} |`;
}
