import { setTimeout as sleep } from "node:timers/promises";
import { leftovers } from "../invariants/creates.ts";
import { doubleBookings } from "../invariants/names.ts";
import type { LateTime } from "../invariants/observations.ts";
import { actsWithoutLease, twoPrimaries } from "../invariants/one-primary.ts";
import { lonelyRemovals } from "../invariants/removals.ts";
import type { Violation } from "../invariants/violation.ts";
import { lostVolumes } from "../invariants/volumes.ts";
import { describeFault, faultKinds } from "../plan/faults.ts";
import type { Fault, FaultKind } from "../plan/faults.ts";
import type { SeededRandom } from "../plan/random.ts";
import type { PhasePlan } from "../plan/timeline.ts";
import type { Workload } from "../clients/workload.ts";
import { inject } from "../world/inject.ts";
import type { Observer } from "../world/observer.ts";
import { volumesOf } from "../world/survey.ts";
import { leaseMs } from "../world/world.ts";
import type { World } from "../world/world.ts";
import type { Say } from "./log.ts";
import { lookAtRest } from "./rest.ts";
import type { Rest } from "./rest.ts";

/** So long after the last fault has ended, everything has to be as it should be, milliseconds; docs/chaos.md says what it is made of. */
export const recoveryBoundMs = 60_000;
/** So long everything has to stay as it should be before it counts, milliseconds. */
const calmMs = 2000;

/** What a phase works with. */
export interface Stage {
  readonly world: World;
  readonly observer: Observer;
  readonly workload: Workload;
  readonly say: Say;
  readonly stop: AbortSignal;
}

/** How a phase went; undefined: it was interrupted. */
export interface PhaseResult {
  readonly violations: readonly Violation[];
  /** From the end of the last fault until everything was as it should be. */
  readonly recoveryMs: number;
}

/** Faults under load, then everything healed, then the invariants. */
export async function runPhase(
  stage: Stage,
  plan: PhasePlan,
  random: SeededRandom,
): Promise<PhaseResult | undefined> {
  const { world, observer, workload, say, stop } = stage;
  const [end, late]: [AbortController, LateTime[]] = [new AbortController(), []];
  const began = performance.now();
  const working = workload.run(random, AbortSignal.any([end.signal, stop]));
  const faults = plan.faults.map((fault) => suffer(stage, fault, { began, late }));
  await sleep(plan.lengthMs, undefined, { signal: stop }).catch(() => undefined);
  end.abort();
  const failed = (await Promise.allSettled(faults)).flatMap((result) =>
    result.status === "rejected" ? [String(result.reason)] : [],
  );
  if (failed.length > 0) throw new Error(`faults could not be made or undone: ${failed.join("; ")}`);
  const healed = performance.now();
  await working;
  if (stop.aborted) return undefined;

  const { rest, recoveryMs } = await untilCalm(stage, healed);
  const { operations } = workload.history;
  const byToken = workload.history.byToken();
  const violations = [
    ...rest.violations,
    ...leftovers(operations, rest.copies),
    ...doubleBookings(byToken),
    ...lonelyRemovals(observer.containers, byToken),
    ...lostVolumes(observer.volumes, await volumesOf(world)),
    ...twoPrimaries(observer.roles),
    ...(world.store === undefined
      ? []
      : actsWithoutLease(world.audit.acts, observer.key, late, { ttlMs: leaseMs })),
  ];
  for (const { what } of violations) say(`  VIOLATION ${what}`);
  return { violations, recoveryMs };
}

/** Clears the tables for the next phase: what is there now is how it is meant to be. */
export async function settle({ world, observer, workload }: Stage): Promise<void> {
  const { copies } = await lookAtRest(world, new Map(), new Map());
  const gone = workload.settle(new Map(copies.map((copy) => [copy.token ?? "", copy])));
  observer.forget(gone);
  world.audit.acts.splice(0);
}

interface Course {
  readonly began: number;
  readonly late: LateTime[];
}

async function suffer({ world, say, stop }: Stage, fault: Fault, { began, late }: Course): Promise<void> {
  await sleep(Math.max(0, began + fault.atMs - performance.now()), undefined, { signal: stop }).catch(
    () => undefined,
  );
  if (stop.aborted) return;
  say(`  ${describeFault(fault)}: ${faultKinds[fault.kind].about}`);
  const fromMs = Date.now();
  const undo = await inject(world, fault);
  await sleep(fault.lastsMs, undefined, { signal: stop }).catch(() => undefined);
  await undo();
  late.push(...lateTimes(world, fault, fromMs));
}

/** Faults after which what was sent before may still arrive. */
const delaying: ReadonlySet<FaultKind> = new Set([
  "engine-partition",
  "engine-deaf",
  "engine-mute",
  "engine-refuse",
  "engine-freeze",
]);

/** In which connections packets may have been on their way for long. */
function lateTimes({ lab }: World, { kind, target, peer }: Fault, fromMs: number): readonly LateTime[] {
  const times = { fromMs, toMs: Date.now() };
  if (delaying.has(kind)) return [{ engine: target, manager: undefined, ...times }];
  if (peer !== undefined) return [{ engine: peer, manager: target, ...times }];
  if (kind !== "manager-partition") return [];
  return lab.engines.map(({ name }) => ({ engine: name, manager: target, ...times }));
}

async function untilCalm(
  stage: Stage,
  healed: number,
): Promise<{ readonly rest: Rest; readonly recoveryMs: number }> {
  const { world, workload, stop } = stage;
  const logs = new Map(world.managers.map((manager) => [manager.name, [...manager.newLog()]]));
  let calmSince: number | undefined;
  for (;;) {
    const looked = performance.now();
    for (const manager of world.managers) logs.get(manager.name)?.push(...manager.newLog());
    const rest = await lookAtRest(world, workload.intents(), logs);
    const now = performance.now();
    if (rest.violations.length > 0) calmSince = undefined;
    else calmSince ??= looked;
    if (calmSince !== undefined && now - calmSince >= calmMs) {
      return { rest, recoveryMs: Math.max(0, calmSince - healed) };
    }
    if ((now - healed > recoveryBoundMs && calmSince === undefined) || stop.aborted)
      return { rest, recoveryMs: now - healed };
    await sleep(500, undefined, { signal: stop }).catch(() => undefined);
  }
}
