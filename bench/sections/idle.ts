import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, openFiles, rssMiB } from "../harness/process-figures.ts";
import { scaled } from "../harness/options.ts";
import { sumOf, withStand, type Stand } from "../harness/stand.ts";
import type { Figure } from "../harness/figures.ts";
import { expectAllListed } from "./list-check.ts";
import type { Section } from "./types.ts";

const SECONDS = 60;

/** What a manager costs that nobody talks to. */
export const idleSection: Section = {
  name: "idle",
  about: "processor time and requests to engines of a manager without clients",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      await findings.step("idle", () => measureIdle(stand));
    }),
};

interface Minute {
  readonly cpu: number;
  readonly fleetCpu: number;
  /** Of each engine. */
  readonly requests: number;
}

async function measureIdle(stand: Stand): Promise<readonly Figure[]> {
  const { manager } = stand;
  const [first, second] = [await minute(stand), await minute(stand)];
  // Idle is what follows: two sweeps of each engine.
  const { cpu, fleetCpu, requests } = mean(await minute(stand), await minute(stand));
  await expectAllListed(stand);
  // For so long the garbage collector tidies up after the start, set going again and again by the first sweeps.
  const tidying = (what: string, { cpu: value }: Minute): Figure => {
    return {
      what: `processor time in the ${what} minute after the start`,
      value,
      unit: "s",
      better: "lower",
    };
  };
  return [
    tidying("first", first),
    tidying("second", second),
    { what: "processor time per minute", value: cpu, unit: "s", better: "lower", target: 0.6 },
    { what: "requests per engine and minute", value: requests, unit: "requests", better: "lower", target: 1 },
    { what: "memory", value: rssMiB(manager.pid), unit: "MiB", better: "lower", target: 350 },
    { what: "open files", value: openFiles(manager.pid), unit: "files" },
    { what: "the fleet's own processor time per minute", value: fleetCpu, unit: "s" },
  ];
}

const mean = (one: Minute, other: Minute): Minute => ({
  cpu: (one.cpu + other.cpu) / 2,
  fleetCpu: (one.fleetCpu + other.fleetCpu) / 2,
  requests: (one.requests + other.requests) / 2,
});

async function minute({ manager, fleet, options }: Stand): Promise<Minute> {
  await fleet.ask.resetCounts();
  const before = { manager: cpuSeconds(manager.pid), fleet: cpuSeconds(fleet.pid), at: performance.now() };
  await sleep(scaled(SECONDS, options, 2) * 1000);
  const minutes = (performance.now() - before.at) / 60_000;
  return {
    cpu: (cpuSeconds(manager.pid) - before.manager) / minutes,
    fleetCpu: (cpuSeconds(fleet.pid) - before.fleet) / minutes,
    requests: sumOf(await fleet.ask.requestCounts()) / fleet.engines.length / minutes,
  };
}
