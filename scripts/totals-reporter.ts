import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import { watchTotals } from "./totals.ts";

/** Mocha's spec output, and at the end the totals as JSON in the file `$TEST_TOTALS` names. */
export class TotalsReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const totals = watchTotals(runner);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.TEST_TOTALS;
      if (file !== undefined) writeFileSync(file, JSON.stringify(totals()));
    });
  }
}

// Mocha takes a reporter from a file's default export.
export { TotalsReporter as default };
