import type { Figure } from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { SavedResult } from "./results.ts";

/** What is shown of a section: its figures beside their targets, the physical limit and the last saved result. */
export interface Report {
  readonly section: string;
  readonly machine: Machine;
  readonly engines: number;
  readonly containers: number;
  readonly figures: readonly Figure[];
  readonly faults: readonly string[];
}

/** Targets are for this size; at another they are not shown. */
const isTargetSize = ({ engines, containers }: Report): boolean => engines === 1_000 && containers === 30;

/** A table for people. */
export function reportTable(report: Report, last: SavedResult | undefined): string {
  const { machine, section, engines, containers } = report;
  const before = new Map(last?.figures.map(({ what, value }) => [what, value]));
  const rows = report.figures.map((figure) => [
    figure.what,
    `${short(figure.value)} ${figure.unit}`,
    targetText(figure, report),
    figure.direct === undefined ? "" : `${short(figure.direct)} (${short(figure.value / figure.direct)}×)`,
    changeText(figure, before.get(figure.what)),
  ]);
  const head = ["", "measured", "target", "direct (ratio)", "last saved (change)"];
  const title = `${section}: ${engines} engines × ${containers} containers; ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, node ${machine.node}, commit ${machine.commit}`;
  return [title, ...aligned([head, ...rows]), ...report.faults.map((fault) => `WRONG: ${fault}`)].join("\n");
}

function targetText(figure: Figure, report: Report): string {
  const { better, target = 0 } = figure;
  const held = holds(figure, report);
  if (held === undefined) return "";
  return `${better === "higher" ? "≥" : "≤"} ${short(target)} ${held ? "holds" : "MISSED"}`;
}

/** Whether a figure reaches its target; undefined: it has none, or none at this size. */
export function holds({ value, better, target }: Figure, report: Report): boolean | undefined {
  if (target === undefined || !isTargetSize(report)) return undefined;
  return better === "higher" ? value >= target : value <= target;
}

function changeText({ value }: Figure, before: number | undefined): string {
  if (before === undefined) return "";
  if (before === 0) return short(before);
  const percent = Math.round((value / before - 1) * 100);
  return `${short(before)} (${percent > 0 ? "+" : ""}${percent} %)`;
}

/** Three digits that count, whatever the size. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
