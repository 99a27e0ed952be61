import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Figure } from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { Report } from "./report.ts";

/** A section's figures as they are kept in the repository. */
export interface SavedResult {
  readonly section: string;
  /** Day of the measurement. */
  readonly date: string;
  readonly machine: Machine;
  readonly engines: number;
  readonly containers: number;
  readonly runs: number;
  readonly figures: readonly Figure[];
}

const fileOf = (folder: string, section: string): string => path.join(folder, `${section}.json`);

/** What was saved of a section; undefined: nothing, or of a cluster of another size. */
export function loadResult(
  folder: string,
  { section, engines, containers }: Pick<Report, "section" | "engines" | "containers">,
): SavedResult | undefined {
  const file = fileOf(folder, section);
  if (!existsSync(file)) return undefined;
  const saved = JSON.parse(readFileSync(file, "utf8")) as SavedResult;
  return saved.engines === engines && saved.containers === containers ? saved : undefined;
}

export function saveResult(folder: string, result: SavedResult): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(folder, result.section), `${JSON.stringify(result, undefined, 2)}\n`);
}
