import type { Violation } from "../invariants/violation.ts";
import { describeFault } from "../plan/faults.ts";
import { SeededRandom } from "../plan/random.ts";
import { planPhase, planWorld } from "../plan/timeline.ts";
import type { PlanLimits } from "../plan/timeline.ts";
import { History } from "../clients/history.ts";
import { Workload } from "../clients/workload.ts";
import { fetchClockShifter } from "../world/clock.ts";
import { Observer } from "../world/observer.ts";
import { World } from "../world/world.ts";
import { keepEvidence } from "./keep.ts";
import type { Say } from "./log.ts";
import { runPhase, settle } from "./phase.ts";
import type { Stage } from "./phase.ts";
import { Tally } from "./tally.ts";

/** What to run. */
export interface RunOptions {
  /** Of the first world; those of the others follow from it. */
  readonly seed: number;
  /** No phase begins after so long. */
  readonly forMs: number;
  /** A world is replaced after so many. */
  readonly phasesPerWorld: number;
  /** At most so many worlds. */
  readonly worlds?: number | undefined;
  /** A violation ends its world, not the run. */
  readonly goOn?: boolean;
  readonly limits: PlanLimits;
  readonly say: Say;
  readonly stop: AbortSignal;
}

export interface RunResult {
  readonly violations: readonly Violation[];
  readonly tally: Tally;
  /** Where evidence was kept. */
  readonly kept: readonly string[];
}

/** Worlds one after the other until the time is over; the first violation ends the run unless it is to go on. */
export async function runChaos(options: RunOptions): Promise<RunResult> {
  const { forMs, worlds = Infinity, stop, say } = options;
  const until = performance.now() + forMs;
  const tally = new Tally();
  const shifter = await fetchClockShifter(say);
  if (shifter.kind === "unavailable") say(`clocks do not jump here: ${shifter.reason}`);
  const library = shifter.kind === "ready" ? shifter.library : undefined;
  const violations: Violation[] = [];
  const kept: string[] = [];
  let seed = options.seed;
  for (let count = 0; count < worlds && performance.now() < until && !stop.aborted; count++) {
    const result = await runWorld(options, { seed, until, tally, library });
    violations.push(...result.violations);
    kept.push(...result.kept);
    if (violations.length > 0 && options.goOn !== true) break;
    seed = nextSeed(seed);
  }
  return { violations, tally, kept };
}

/** The seed of the next world: running with it begins there. */
export function nextSeed(seed: number): number {
  return Math.floor(new SeededRandom(seed ^ 0x5bd1e995).next() * 1e9);
}

interface WorldRun {
  readonly seed: number;
  readonly until: number;
  readonly tally: Tally;
  readonly library: string | undefined;
}

async function runWorld(
  { limits, phasesPerWorld, say, stop }: RunOptions,
  { seed, until, tally, library }: WorldRun,
): Promise<Omit<RunResult, "tally">> {
  const random = new SeededRandom(seed);
  const drawn = planWorld(random, limits);
  const plan = library === undefined ? { ...drawn, clocks: false } : drawn;
  const { mode, engines, managers, agents, clocks } = plan;
  say(
    `world of seed ${String(seed)}: ${mode}, ${String(engines.length)} engines listed by ${agents ? "agents" : "hand"}, ` +
      `${String(managers.length)} managers${clocks ? " whose clocks can jump" : ""}`,
  );
  await using world = await World.create(plan, { log: () => undefined, clockLibrary: library });
  await using observer = new Observer(world);
  const workload = new Workload(new History(), world.managers);
  const stage: Stage = { world, observer, workload, say, stop };
  tally.worlds += 1;
  for (let number = 1; number <= phasesPerWorld && performance.now() < until && !stop.aborted; number++) {
    const phase = planPhase(random.fork(), plan, limits);
    say(
      ` phase ${String(number)}, ${(phase.lengthMs / 1000).toFixed(1)} s: ${phase.faults.map(describeFault).join("; ")}`,
    );
    const beganMs = Date.now();
    const result = await runPhase(stage, phase, random.fork());
    if (result === undefined) break;
    const { violations, recoveryMs } = result;
    tally.phases += 1;
    for (const { kind } of phase.faults) tally.faults.set(kind, (tally.faults.get(kind) ?? 0) + 1);
    tally.addOperations(workload.history.operations.filter((operation) => operation.beganMs >= beganMs));
    tally.addEvents(observer.containers, beganMs);
    tally.addLeaders(observer.key);
    const { containers, key, roles } = observer;
    tally.addObserved({ acts: world.audit.acts, containers, key, roles });
    tally.worstRecoveryMs = Math.max(tally.worstRecoveryMs, recoveryMs);
    if (violations.length > 0) {
      const kept = keepEvidence(stage, `seed-${String(seed)}-phase-${String(number)}`, violations);
      say(
        ` repeat with: npm run chaos -- --seed ${String(seed)} --worlds 1 --phases ${String(number)} --mode ${mode}`,
      );
      return { violations, kept: [kept] };
    }
    say(`  all is well ${(recoveryMs / 1000).toFixed(1)} s after the last fault`);
    await settle(stage);
  }
  return { violations: [], kept: [] };
}
