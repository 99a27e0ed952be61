/** How many placements a second the scheduler makes, without engines or HTTP. `npx tsx bench/scheduler.ts [ENGINES,…] [KIND]` */
import { isDeepStrictEqual } from "node:util";
import { pathToFileURL } from "node:url";
import { KINDS, requestOf, type Kind } from "./scheduler/kinds.ts";
import { SchedulerWorld } from "./scheduler/world.ts";
import type { PlacementResult } from "../src/scheduler/types.ts";

/** Containers on each engine before the first placement. */
const PER_ENGINE = 30;
/** Of one kind on one world; the median counts. */
const ROUNDS = 5;
/** Processor time of one round, microseconds. */
const ROUND_US = 100_000;
const WARM_UP_ROUNDS = 3;
/** Placements for each engine before all are taken away again, so that engines stay about as full. */
const PER_BATCH = 2;
const MOST_PER_BATCH = 1_000;
const MOST_REFUSALS = 20;
/** Requests of each kind whose answer is compared with the plain pipeline's. */
const COMPARED = 3;

export interface SchedulerFigure {
  readonly engines: number;
  readonly kind: string;
  /** Chosen, reserved and become a container, in a second of processor time. */
  readonly placementsPerSecond: number;
}

export interface SchedulerOptions {
  readonly engines: readonly number[];
  /** Only kinds with this in their name. */
  readonly only: string;
}

export const SCHEDULER_OPTIONS: SchedulerOptions = { engines: [100, 1_000, 10_000], only: "" };

/** @throws Error when an answer is wrong */
export async function measureScheduler({ engines, only }: SchedulerOptions = SCHEDULER_OPTIONS): Promise<
  readonly SchedulerFigure[]
> {
  const figures: SchedulerFigure[] = [];
  for (const count of engines) {
    const world = new SchedulerWorld(count, PER_ENGINE);
    for (const kind of KINDS.filter(({ name }) => name.includes(only))) {
      figures.push({ engines: count, kind: kind.name, placementsPerSecond: measure(kind, world) });
      // Others may want the thread.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return figures;
}

function measure(kind: Kind, world: SchedulerWorld): number {
  let number = 0;
  const placeNext = (): void => {
    const request = requestOf(kind, number, world);
    number += 1;
    if (world.place(request, { app: "bench" }) === (kind.refused === true)) {
      throw new Error(`${kind.name}, request ${number}: ${kind.refused === true ? "placed" : "refused"}`);
    }
  };
  /** @returns microseconds of processor time */
  const batch = (placements: number): number => {
    world.clear();
    world.indexed(requestOf(kind, number, world));
    const start = process.cpuUsage();
    for (let placed = 0; placed < placements; placed += 1) placeNext();
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  const size = Math.min(
    world.engines.length * PER_BATCH,
    kind.refused === true ? MOST_REFUSALS : MOST_PER_BATCH,
  );
  const round = (): number => {
    let placed = 0;
    let spent = 0;
    for (; spent < ROUND_US; placed += size) spent += batch(size);
    return (placed * 1e6) / spent;
  };
  // What is asked for the first time is looked up the long way, and code runs slowly at first.
  for (let warm = 0; warm < WARM_UP_ROUNDS; warm += 1) round();
  const rounds = Array.from({ length: ROUNDS }, round);
  checkAnswers(kind, number, world);
  world.clear();
  return rounds.sort((a, b) => a - b)[Math.trunc(ROUNDS / 2)] ?? 0;
}

/** A wrong answer would make the figure worthless. */
function checkAnswers(kind: Kind, from: number, world: SchedulerWorld): void {
  for (let number = from; number < from + COMPARED; number += 1) {
    const request = requestOf(kind, number, world);
    if (!isDeepStrictEqual(shown(world.indexed(request)), shown(world.plain(request)))) {
      throw new Error(`${kind.name}: the answer is not the plain pipeline's`);
    }
  }
}

const shown = (result: PlacementResult): unknown =>
  result.kind === "placed" ? result.ranked.map(({ addr }) => addr) : result.refusal;

/** A row a kind, a column a number of engines. */
export function schedulerTable(figures: readonly SchedulerFigure[]): string {
  const sizes = [...new Set(figures.map(({ engines }) => engines))];
  const rows = [...new Set(figures.map(({ kind }) => kind))].map((kind) => [
    kind,
    ...sizes.map((size) => {
      const found = figures.find((figure) => figure.kind === kind && figure.engines === size);
      return Math.round(found?.placementsPerSecond ?? 0).toLocaleString("en");
    }),
  ]);
  const head = ["placements a second", ...sizes.map((size) => `${size} engines`)];
  return [head, ...rows]
    .map(([name = "", ...cells]) => [name.padEnd(30), ...cells.map((cell) => cell.padStart(14))].join(""))
    .join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , sizes = SCHEDULER_OPTIONS.engines.join(","), only = ""] = process.argv;
  const figures = await measureScheduler({ engines: sizes.split(",").map(Number), only });
  console.log(schedulerTable(figures));
}
