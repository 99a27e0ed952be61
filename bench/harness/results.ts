import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Figure } from "./figures.ts";
import type { Machine } from "./machine.ts";
import { DEFAULTS } from "./options.ts";

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

/** What is kept apart: the same section at several sizes. */
type Key = Pick<SavedResult, "section" | "engines" | "containers">;

/** `create.json`, or `create-100x30.json` for another size than the usual one. */
function fileOf(folder: string, { section, engines, containers }: Key): string {
  const usual = engines === DEFAULTS.engines && containers === DEFAULTS.containers;
  return path.join(folder, `${section}${usual ? "" : `-${engines}x${containers}`}.json`);
}

/** What was saved of a section at this size; undefined: nothing. */
export function loadResult(folder: string, key: Key): SavedResult | undefined {
  const file = fileOf(folder, key);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SavedResult) : undefined;
}

/** Everything that was saved. */
export function loadResults(folder: string): readonly SavedResult[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")) as SavedResult);
}

export function saveResult(folder: string, result: SavedResult): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(folder, result), `${JSON.stringify(result, undefined, 2)}\n`);
}
