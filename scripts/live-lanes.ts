import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { interruption, untilEnd } from "./ended-group.ts";
import type { Assignment, FileResult } from "./live-lane.ts";
import { noTests, oneFailure, sumOf } from "./totals.ts";
import type { Totals } from "./totals.ts";

/** So many labs at a time: the tests mostly wait, for engines to start, to fail and to be noticed. */
const lanes = 3;

/**
 * Runs the live tests in lanes that take the next file when they are done with one. Each lane has engines of its own, so that what a test breaks is
 * its own lane's. A lane that breaks off counts as a failure; the others take over its files.
 */
export async function runLiveLanes(files: readonly string[], limitMs: number): Promise<Totals> {
  const queue = [...files];
  const results = await Promise.all(
    Array.from({ length: lanes }, (_, index) => runLane(`lane ${index + 1}`, queue, limitMs)),
  );
  const totals = results.reduce(sumOf, noTests);
  if (queue.length === 0) return totals;
  return sumOf(totals, oneFailure(`the live tests broke off: ${queue.length} files were not run`));
}

async function runLane(name: string, queue: string[], limitMs: number): Promise<Totals> {
  const child = fork(path.join(import.meta.dirname, "live-lane.ts"), {
    execArgv: ["--import", "tsx"],
    detached: true,
  });
  let totals = noTests;
  let current: string | undefined;
  let began = performance.now();
  child.on("message", ({ file, totals: more, report }: FileResult) => {
    if (file !== undefined) {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(`${report.trimEnd()}\n  [${name}: ${file}, ${seconds} s]\n`);
      totals = sumOf(totals, more);
    }
    current = interruption.happened ? undefined : queue.shift();
    began = performance.now();
    assign(child, { file: current });
  });
  const stopped = await untilEnd(child, limitMs);
  if (child.exitCode === 0 && stopped === undefined) return totals;
  const during = current === undefined ? "" : ` during ${current}`;
  const how = stopped ?? `broke off: ended with ${String(child.exitCode ?? child.signalCode)}`;
  return sumOf(totals, oneFailure(`the live tests of ${name} ${how}${during}`));
}

function assign(child: ChildProcess, assignment: Assignment): void {
  child.send(assignment, (error) => {
    if (error !== null) console.error(`a lane of the live tests does not listen: ${error.message}`);
  });
}
