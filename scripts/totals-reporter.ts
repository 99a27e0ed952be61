import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What a Mocha run came to, as {@link TotalsReporter} writes it. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** The titles of tests that were skipped or are still to be written. */
  readonly skipped: readonly string[];
}

/** Mocha's spec output, and at the end the totals as JSON in the file `$TEST_TOTALS` names. */
export class TotalsReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes: passed, failures: failed } = this.stats;
      const file = process.env.TEST_TOTALS;
      if (file !== undefined)
        writeFileSync(file, JSON.stringify({ passed, failed, skipped } satisfies Totals));
    });
  }
}

// Mocha takes a reporter from a file's default export.
export { TotalsReporter as default };
