import { parseArgs } from "node:util";

/** What a benchmark is told on the command line. */
export interface BenchOptions {
  readonly engines: number;
  readonly containers: number;
  /** Whole runs of a section; the figures are their medians. */
  readonly runs: number;
  /** Keeps the figures as what later runs are compared with. */
  readonly save: boolean;
  /** Factor on every number of operations and every duration: 1 is a measurement, 0.1 a look whether it works. */
  readonly effort: number;
  /** Only steps whose name holds this text. */
  readonly only: string;
  /** Of a soak. */
  readonly minutes: number;
  /** The compiled `main.js` of another version, to compare with; `""`: this one. */
  readonly manager: string;
}

export const DEFAULTS: BenchOptions = {
  engines: 1_000,
  containers: 30,
  runs: 1,
  save: false,
  effort: 1,
  only: "",
  minutes: 30,
  manager: "",
};

/** The options of `npm run bench -- SECTION …`. @throws {Error} for what cannot be understood */
export function parseOptions(args: readonly string[]): BenchOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ engines: text, containers: text, runs: text, effort: text, only: text, minutes: text },
      manager: text,
      save: { type: "boolean" },
    },
  });
  const number = (name: "engines" | "containers" | "runs" | "effort" | "minutes", least: number): number => {
    const given = values[name];
    const value = given === undefined ? DEFAULTS[name] : Number(given);
    if (!(value >= least)) throw new Error(`--${name} should be a number of at least ${least}`);
    return value;
  };
  return {
    engines: number("engines", 1),
    containers: number("containers", 1),
    runs: number("runs", 1),
    effort: number("effort", 0.001),
    minutes: number("minutes", 0.1),
    save: values.save ?? false,
    only: values.only ?? "",
    manager: values.manager ?? "",
  };
}

/** So many operations at this effort, but at least `least`. */
export const scaled = (count: number, { effort }: BenchOptions, least = 1): number =>
  Math.max(least, Math.round(count * effort));
