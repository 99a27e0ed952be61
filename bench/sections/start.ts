import { expectThat, type Figure } from "../harness/figures.ts";
import { cpuSeconds, rssMiB } from "../harness/process-figures.ts";
import { allHealthy, quiet, sumOf, withStand, type Stand } from "../harness/stand.ts";
import { expectAllListed } from "./list-check.ts";
import type { Section } from "./types.ts";

/** From the manager's start to all nodes healthy, and to the end of its work; what it asks of each engine for that. */
export const startSection: Section = {
  name: "start",
  about: "from the start to all nodes healthy and a quiet manager; memory then",
  run: (options, findings) =>
    withStand(options, { early: true }, async (stand) => {
      await findings.step("start", () => measureStart(stand));
    }),
};

async function measureStart(stand: Stand): Promise<readonly Figure[]> {
  const { manager, fleet, containers } = stand;
  const fleetBefore = cpuSeconds(fleet.pid);
  const healthyMs = await allHealthy(stand);
  const cpu = { manager: cpuSeconds(manager.pid), fleet: cpuSeconds(fleet.pid) - fleetBefore };
  const quietMs = await quiet(stand);
  const counts = await fleet.ask.requestCounts();
  const perEngine = (count: number): number => count / fleet.engines.length;
  const { Containers } = await manager.info();
  expectThat(Containers === containers, `/info tells of ${Containers} containers, there are ${containers}`);
  await expectAllListed(stand);
  const routes = Object.entries(counts).filter(([, count]) => perEngine(count) >= 0.1);
  return [
    { what: "all nodes healthy", value: healthyMs / 1000, unit: "s", better: "lower", target: 6 },
    { what: "quiet", value: quietMs / 1000, unit: "s", better: "lower", target: 10 },
    { what: "CPU of the manager until healthy", value: cpu.manager, unit: "s", better: "lower" },
    { what: "CPU of the fleet until healthy", value: cpu.fleet, unit: "s" },
    { what: "memory when quiet", value: rssMiB(manager.pid), unit: "MiB", better: "lower", target: 350 },
    { what: "memory at most", value: rssMiB(manager.pid, "peak"), unit: "MiB", better: "lower" },
    { what: "requests per engine", value: perEngine(sumOf(counts)), unit: "requests", better: "lower" },
    ...routes.map(([route, count]): Figure => ({
      what: `… ${route}`,
      value: perEngine(count),
      unit: "requests",
    })),
  ];
}
