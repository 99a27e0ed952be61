import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { interruption, untilEnd } from "./ended-group.ts";
import type { Assignment, FileResult } from "./live-lane.ts";
import type { Totals } from "./totals-reporter.ts";

/** So many labs at a time: the tests mostly wait, for engines to start, to fail and to be noticed. */
const lanes = 2;

/**
 * Runs the live tests in lanes that take the next file when they are done with one. Each lane has engines of its own, so that what a test breaks is
 * its own lane's. A lane that breaks off counts as a failure; the others take over its files.
 */
export async function runLiveLanes(files: readonly string[], limitMs: number): Promise<Totals> {
  const queue = [...files];
  const results = await Promise.all(
    Array.from({ length: lanes }, (_, index) => runLane(`lane ${index + 1}`, queue, limitMs)),
  );
  const left = queue.length === 0 ? 0 : 1;
  if (left > 0) console.error(`\nthe live tests broke off: ${queue.length} files were not run`);
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, left),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}

async function runLane(name: string, queue: string[], limitMs: number): Promise<Totals> {
  const child = fork(path.join(import.meta.dirname, "live-lane.ts"), {
    execArgv: ["--import", "tsx"],
    detached: true,
  });
  let totals: Totals = { passed: 0, failed: 0, skipped: [] };
  let current: string | undefined;
  let began = performance.now();
  child.on("message", ({ file, totals: more, report }: FileResult) => {
    if (file !== undefined) {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(`${report.trimEnd()}\n  [${name}: ${file}, ${seconds} s]\n`);
      totals = sum(totals, more);
    }
    current = interruption.happened ? undefined : queue.shift();
    began = performance.now();
    assign(child, { file: current });
  });
  const stopped = await untilEnd(child, limitMs);
  if (child.exitCode === 0 && stopped === undefined) return totals;
  const during = current === undefined ? "" : ` during ${current}`;
  console.error(
    `\nthe live tests of ${name} ${stopped ?? `broke off: ended with ${String(child.exitCode ?? child.signalCode)}`}${during}`,
  );
  return { ...totals, failed: totals.failed + 1 };
}

function assign(child: ChildProcess, assignment: Assignment): void {
  child.send(assignment, (error) => {
    if (error !== null) console.error(`a lane of the live tests does not listen: ${error.message}`);
  });
}

function sum(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: [...a.skipped, ...b.skipped],
  };
}
