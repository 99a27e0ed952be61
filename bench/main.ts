/** Runs sections of the benchmark; `scripts/bench.ts` builds everything first and then starts this. */
import path from "node:path";
import { markdownTables } from "./harness/markdown.ts";
import { loadResult, loadResults, saveResult } from "./harness/results.ts";
import { parseOptions, type BenchOptions } from "./harness/options.ts";
import { reportTable, type Report } from "./harness/report.ts";
import { runSection } from "./harness/run-section.ts";
import { sections } from "./sections/index.ts";
import { runSmoke } from "./sections/smoke.ts";

/** Relative to where the benchmark was started: the repository's root. */
const RESULTS = path.resolve("bench/results");

// Children end when we do; what is left to do is at the exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const [name = "", ...args] = process.argv.slice(2);
if (name === "smoke") await smoke();
else if (name === "tables") console.log(markdownTables(loadResults(RESULTS)));
else await measure(name, parseOptions(args));

async function measure(wanted: string, options: BenchOptions): Promise<void> {
  const chosen = wanted === "all" ? sections : sections.filter((section) => section.name === wanted);
  if (chosen.length === 0) throw new Error(`no such section: ${wanted}`);
  for (const section of chosen) {
    const report = await runSection(section, options);
    console.log(reportTable(report, loadResult(RESULTS, report)));
    console.log(JSON.stringify(report));
    if (report.faults.length > 0) process.exitCode = 1;
    else if (options.save && options.only === "" && options.manager === "") save(report, options);
  }
}

function save({ section, machine, engines, containers, figures }: Report, { runs }: BenchOptions): void {
  const date = new Date().toISOString().slice(0, 10);
  saveResult(RESULTS, { section, date, machine, engines, containers, runs, figures });
}

async function smoke(): Promise<void> {
  const begin = performance.now();
  const failures = await runSmoke(sections, (section) => console.log(`smoke: ${section}`));
  for (const failure of failures) console.error(`FAILED ${failure}`);
  console.log(`smoke: ${failures.length} failures, ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  if (failures.length > 0) process.exitCode = 1;
}
