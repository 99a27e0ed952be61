import type { Findings } from "../harness/figures.ts";
import type { BenchOptions } from "../harness/options.ts";

/** One thing that can be measured by itself. */
export interface Section {
  /** `npm run bench -- NAME` */
  readonly name: string;
  readonly about: string;
  /** Sets up what it needs, measures, checks the answers, takes everything down. Throws only when nothing could be measured. */
  readonly run: (options: BenchOptions, findings: Findings) => Promise<void>;
}
