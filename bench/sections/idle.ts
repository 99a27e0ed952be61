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
  const first = await minute(stand);
  const { cpu, fleetCpu, requests } = await minute(stand);
  await expectAllListed(stand);
  return [
    // The garbage collector tidies up after the start.
    {
      what: "processor time in the first minute after the start",
      value: first.cpu,
      unit: "s",
      better: "lower",
    },
    { what: "processor time per minute", value: cpu, unit: "s", better: "lower", target: 0.6 },
    { what: "requests per engine and minute", value: requests, unit: "requests", better: "lower", target: 1 },
    { what: "memory", value: rssMiB(manager.pid), unit: "MiB", better: "lower", target: 350 },
    { what: "open files", value: openFiles(manager.pid), unit: "files" },
    { what: "the fleet's own processor time per minute", value: fleetCpu, unit: "s" },
  ];
}

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
