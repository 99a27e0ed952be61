/**
 * One lane of the live tests: a process with a lab of its own that runs the files it is sent, one after another, until it is sent none.
 * Started by `live-lanes.ts`.
 */
import path from "node:path";
import { isatty } from "node:tty";
import { format } from "node:util";
import Mocha from "mocha";
import { mochaGlobalSetup, mochaGlobalTeardown } from "../test/live/support/fixtures.ts";
import { noTests, oneFailure, watchTotals } from "./totals.ts";
import type { Totals } from "./totals.ts";

/** What a lane is told: a file, relative to the repository; or that there are no more. */
export type Assignment = { readonly file: string } | { readonly file: undefined };

/** What a lane says after each file; before the first one it says only that it is ready. */
export interface FileResult {
  readonly file: string | undefined;
  readonly totals: Totals;
  /** Mocha's report. */
  readonly report: string;
}

const send = (result: FileResult): void => void process.send?.(result);

let report = "";
Mocha.reporters.Base.consoleLog = (...words: Parameters<typeof console.log>) => {
  report += `${format(...words)}\n`;
};

async function runFile(file: string): Promise<FileResult> {
  report = "";
  const mocha = new Mocha({ timeout: 120_000, slow: 20_000, forbidOnly: true, color: isatty(1) });
  mocha.addFile(path.resolve(file));
  await mocha.loadFilesAsync();
  const totals = await new Promise<Totals>((resolve) => {
    const runner = mocha.run(() => resolve(watched()));
    const watched = watchTotals(runner);
  });
  return { file, totals, report };
}

// Nobody waits for us any more; the lab's watchdog cleans up.
process.on("disconnect", () => process.exit(1));
await mochaGlobalSetup();
process.on("message", ({ file }: Assignment) => {
  if (file === undefined) {
    void mochaGlobalTeardown().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
    return;
  }
  runFile(file).then(send, (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    send({ file, totals: oneFailure(`${file} cannot be run: ${text}`), report });
  });
});
send({ file: undefined, totals: noTests, report: "" });
