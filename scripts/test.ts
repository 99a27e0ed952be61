/**
 * `npm test`: all tests there are, on real engines too. The last line is `N passed, N failed, N skipped`.
 *
 * With CI set nothing may be left out: a skipped test or a missing component is a failure there.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onCi } from "../test/lab/ci.ts";
import { ensureSystem, missingComponents, MissingSystemError } from "../test/lab/system.ts";
import { interruption, untilEnd } from "./ended-group.ts";
import { runLiveLanes } from "./live-lanes.ts";
import { noTests, oneFailure, sumOf } from "./totals.ts";
import type { Totals } from "./totals.ts";

/** How long a part may take before it is stopped. A run that hangs must not hold CI for ever. */
const limitMs = 20 * 60_000;

const unit = await runMocha("unit tests", ".mocharc.json");
const live = await runLive();

const { passed, failures, skipped, ...total } = sumOf(unit, live);
if (failures.length > 0) console.log(`\nfailed:\n\n  ${failures.join("\n\n  ")}`);
if (skipped.length > 0)
  console.log(`\nskipped${onCi ? ", which is a failure on CI" : ""}:\n  ${skipped.join("\n  ")}`);
const failed = total.failed + (onCi ? skipped.length : 0);
console.log(`\n${passed} passed, ${failed} failed, ${onCi ? 0 : skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

/** The live tests, or what they count as where real engines cannot run. */
async function runLive(): Promise<Totals> {
  if (interruption.happened) return noTests;
  try {
    await ensureSystem({ install: true, for: "clients", log: (line) => console.log(`system: ${line}`) });
  } catch (error) {
    const isLabComplete = error instanceof MissingSystemError && missingComponents("lab").length === 0;
    if (isLabComplete) return await runLiveTests(); // they say what they lack
    const why = `The live tests were not run: ${error instanceof Error ? error.message : String(error)}`;
    console.error(`\n${why}`);
    if (onCi || !(error instanceof MissingSystemError)) return oneFailure(why);
    return { ...noTests, skipped: liveFiles().map((file) => `${file} (needs real engines)`) };
  }
  return await runLiveTests();
}

async function runLiveTests(): Promise<Totals> {
  console.log("\n=== live tests");
  return await runLiveLanes(liveFiles(), limitMs);
}

/** Runs Mocha in a process group of its own, its output going straight to the terminal. */
async function runMocha(what: string, config: string): Promise<Totals> {
  console.log(`\n=== ${what}`);
  const folder = mkdtempSync(path.join(tmpdir(), "swarm-test-"));
  const totalsFile = path.join(folder, "totals.json");
  try {
    const mocha = [
      "node_modules/mocha/bin/mocha.js",
      "--config",
      config,
      "--reporter",
      "scripts/totals-reporter.ts",
    ];
    const env = { ...process.env, TEST_TOTALS: totalsFile };
    const child = spawn(process.execPath, mocha, {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
      env,
    });
    const stopped = await untilEnd(child, limitMs);
    const totals = readTotals(totalsFile);
    if (child.exitCode === 0 || (totals.failed > 0 && stopped === undefined)) return totals;
    const how = stopped ?? `broke off: Mocha ended with ${String(child.exitCode ?? child.signalCode)}`;
    return sumOf(totals, oneFailure(`the ${what} ${how}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTotals(file: string): Totals {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Totals;
  } catch {
    return noTests;
  }
}

function liveFiles(): string[] {
  const names = readdirSync("test/live", { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".live.ts")).map((name) => path.join("test/live", name));
}
