import Mocha from "mocha";

/** What a run of tests came to. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** A text for each failed test: its title and the beginning of its error. */
  readonly failures: readonly string[];
  /** The titles of tests that were skipped or are still to be written. */
  readonly skipped: readonly string[];
}

export const noTests: Totals = { passed: 0, failed: 0, failures: [], skipped: [] };

/** A failure outside any test: a file that cannot be loaded, a run that broke off. */
export const oneFailure = (text: string): Totals => ({ ...noTests, failed: 1, failures: [text] });

export const sumOf = (a: Totals, b: Totals): Totals => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  failures: [...a.failures, ...b.failures],
  skipped: [...a.skipped, ...b.skipped],
});

/** Listens to a Mocha run. Call what it returns when the run is over. */
export function watchTotals(runner: Mocha.Runner): () => Totals {
  const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;
  let passed = 0;
  const failures: string[] = [];
  const skipped: string[] = [];
  runner.on(EVENT_TEST_PASS, () => (passed += 1));
  runner.on(EVENT_TEST_FAIL, (test: { fullTitle(): string }, error: unknown) =>
    failures.push(`${test.fullTitle()}\n${beginning(error)}`),
  );
  runner.on(EVENT_TEST_PENDING, (test: Mocha.Test) => skipped.push(test.fullTitle()));
  return () => ({ passed, failed: failures.length, failures, skipped });
}

/** Enough of an error to know it by at the end of a long log. */
function beginning(error: unknown): string {
  const { message, stack } = error as { message?: string; stack?: string };
  const text = stack !== undefined && stack !== "" ? stack : (message ?? String(error));
  const lines = text.split("\n").slice(0, 25);
  return lines.map((line) => `    ${line.slice(0, 1000)}`).join("\n");
}
