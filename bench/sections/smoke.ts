import { Findings } from "../harness/figures.ts";
import { DEFAULTS, type BenchOptions } from "../harness/options.ts";
import type { Section } from "./types.ts";

const SMALL: BenchOptions = { ...DEFAULTS, engines: 100, containers: 10, effort: 0.02, minutes: 0.15 };

/**
 * Every section with little load on a hundred engines, to see whether benchmark and manager still understand each other. What it measures
 * means nothing.
 * @returns what went wrong, one line or more each
 */
export async function runSmoke(
  sections: readonly Section[],
  begun: (section: string) => void = () => undefined,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const { name, run } of sections) {
    begun(name);
    const findings = new Findings();
    await findings.step(name, async () => {
      await run(SMALL, findings);
      return [];
    });
    failures.push(...findings.faults.map((fault) => `${name}: ${fault}`));
    if (findings.figures.length === 0) failures.push(`${name}: it measured nothing`);
  }
  return failures;
}
