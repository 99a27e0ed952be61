import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { FleetProcess } from "../fleet-process/fleet-process.ts";
import { freePort } from "../../test/lab/free-port.ts";
import { ManagerProcess, nodeStates } from "./manager-process.ts";
import type { BenchOptions } from "./options.ts";
import { cpuSeconds } from "./process-figures.ts";
import { waitUntil } from "./wait-until.ts";

/** A fleet and a manager over it, each in a process of its own. */
export interface Stand {
  readonly fleet: FleetProcess;
  readonly manager: ManagerProcess;
  readonly options: BenchOptions;
  /** All of the fleet, from the start. */
  readonly containers: number;
}

/** How the manager of a stand is started. */
export interface StandPlan {
  readonly flags?: readonly string[];
  /** Do not wait until all nodes are healthy and nothing is asked any more. */
  readonly early?: boolean;
}

/** Longest time a fleet may take to be healthy; a manager that needs longer has failed. */
const START_TIMEOUT_MS = 300_000;

/** Sets up a fleet and a manager, has `work` done with them, and takes everything down again. */
export async function withStand<T>(
  options: BenchOptions,
  plan: StandPlan,
  work: (stand: Stand) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "swarm-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const port = await freePort("127.1.0.1");
    const { engines, containers } = options;
    await using fleet = await FleetProcess.start({ engines, containersEach: containers, port });
    const list = path.join(folder, "engines");
    writeFileSync(list, fleet.engines.map(({ addr }) => `${addr}\n`).join(""));
    await using manager = await ManagerProcess.start({
      ...{ discovery: `file://${list}`, folder, program: options.manager },
      ...(plan.flags && { flags: plan.flags }),
    });
    const stand = { fleet, manager, options, containers: engines * containers };
    if (plan.early !== true) {
      await allHealthy(stand);
      await quiet(stand);
    }
    try {
      return await work(stand);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nmanager: ${manager.log}`, {
        cause: error,
      });
    }
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** `/info` is not free: looking all the time would be part of what is measured. */
const LOOK_MS = 200;

/** Waits until `/info` shows every node healthy. @returns when, milliseconds after the manager's start */
export async function allHealthy({ manager, fleet }: Stand): Promise<number> {
  await waitUntil(
    "all nodes healthy",
    async () => (nodeStates(await manager.info()).Healthy === fleet.engines.length ? true : undefined),
    { timeoutMs: START_TIMEOUT_MS, everyMs: LOOK_MS },
  );
  return performance.now() - manager.startedMs;
}

const QUIET_MS = 1_000;
/** Pings and refreshes come for ever; fewer than this many requests of an engine and minute are no work left over. */
const QUIET_REQUESTS = 10;
/** Share of a core that a manager without work may use. */
const QUIET_CPU = 0.3;

/** Waits until the manager neither asks its engines nor computes any more. @returns since when, milliseconds after its start */
export async function quiet({ manager, fleet }: Stand): Promise<number> {
  const look = async (): Promise<{ at: number; requests: number; cpu: number }> => ({
    at: performance.now(),
    requests: sumOf(await fleet.ask.requestCounts()),
    cpu: cpuSeconds(manager.pid),
  });
  const allowed = (QUIET_REQUESTS * fleet.engines.length) / 60;
  let before = await look();
  return waitUntil(
    "a quiet manager",
    async () => {
      const now = await look();
      const seconds = (now.at - before.at) / 1000;
      if (seconds * 1000 < QUIET_MS) return undefined;
      const isQuiet =
        (now.requests - before.requests) / seconds <= allowed &&
        (now.cpu - before.cpu) / seconds <= QUIET_CPU;
      const since = before.at - manager.startedMs;
      before = now;
      return isQuiet ? since : undefined;
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 100 },
  );
}

/** Of counts by name. */
export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
