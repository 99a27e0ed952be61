/** One measured number. */
export interface Figure {
  /** Unique in its section; the same from run to run. */
  readonly what: string;
  readonly value: number;
  /** `ms`, `s`, `/s`, `MiB`, `MB/s`, `requests` … */
  readonly unit: string;
  /** Which way is up; absent: it is only good to know. */
  readonly better?: "lower" | "higher";
  /** For 1,000 engines of 30 containers: at most, or at least, this. */
  readonly target?: number;
  /** The same straight to an engine, in the same run. */
  readonly direct?: number;
}

/** An answer was not what the fleet's truth says: the figure it belongs to is void. */
export class WrongAnswerError extends Error {
  override readonly name = "WrongAnswerError";
}

/** @throws WrongAnswerError */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new WrongAnswerError(otherwise);
}

/** What a section has found out so far. */
export class Findings {
  readonly figures: Figure[] = [];
  /** Answers that were wrong, and steps that failed. */
  readonly faults: string[] = [];

  add(...figures: readonly Figure[]): void {
    this.figures.push(...figures);
  }

  /** One step of a section: its figures count only when it comes to its end. What goes wrong is noted, and the section goes on. */
  async step(what: string, work: () => Promise<readonly Figure[]>): Promise<void> {
    try {
      this.add(...(await work()));
    } catch (error) {
      this.faults.push(`${what}: ${error instanceof WrongAnswerError ? error.message : stackOf(error)}`);
    }
  }
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
