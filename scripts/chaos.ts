/**
 * `npm run chaos -- [--minutes 30] [--seed 7] [--mode etcd|etcd-cluster|state-dir] [--phases 6] [--worlds N] [--only KIND,…] [--go-on]`: breaks a real cluster again
 * and again and looks whether it keeps its promises, see docs/chaos.md.
 */
import { parseArgs } from "node:util";
import { ensureSystem } from "../test/lab/system.ts";
import { faultKinds } from "../test/live/chaos/plan/faults.ts";
import type { FaultKind } from "../test/live/chaos/plan/faults.ts";
import { worldModes } from "../test/live/chaos/plan/timeline.ts";
import { runChaos } from "../test/live/chaos/run/run.ts";

const usage = `usage: npm run chaos -- [--minutes 30] [--seed N] [--mode ${worldModes.join("|")}] [--phases 6] [--worlds N] [--only KIND,…] [--go-on]`;

function fail(message: string): never {
  console.error(`chaos: ${message}\n${usage}`);
  process.exit(2);
}

function options() {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      options: {
        minutes: text,
        seed: text,
        mode: text,
        phases: text,
        worlds: text,
        only: text,
        "go-on": { type: "boolean" },
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  return value > 0 ? value : fail(`--${name} must be a positive number`);
}

const given = options();
const mode = worldModes.find((known) => known === given.mode);
if (given.mode !== undefined && mode === undefined) fail(`--mode ${given.mode} is not known`);
const only = given.only?.split(",");
const strange = only?.find((kind) => !Object.hasOwn(faultKinds, kind));
if (strange !== undefined) fail(`--only ${strange} is not known: ${Object.keys(faultKinds).join(", ")}`);
const seed = positive("seed", given.seed, 1 + Math.floor(Math.random() * 1e6));
const minutes = positive("minutes", given.minutes, 30);
const phases = positive("phases", given.phases, 6);
const worlds = given.worlds === undefined ? undefined : positive("worlds", given.worlds, 1);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) console.log("cleaning up");
    stop.abort();
  });
}

const began = performance.now();
const say = (line: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} ${line}`);
await ensureSystem({ install: false, for: "clients", log: say });
say(`seed ${String(seed)}`);
const { violations, tally, kept } = await runChaos({
  seed,
  forMs: minutes * 60_000,
  phasesPerWorld: phases,
  worlds,
  goOn: given["go-on"] ?? false,
  limits: { mode, kinds: only as FaultKind[] | undefined },
  say,
  stop: stop.signal,
});
for (const { invariant, what, evidence } of violations) {
  console.log(`\nVIOLATION (${invariant}): ${what}`);
  for (const line of evidence) console.log(`    ${line}`);
}
console.log(`\nseed ${String(seed)}, ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
for (const line of tally.summary()) console.log(`  ${line}`);
for (const folder of kept) console.log(`  logs and observations: ${folder}`);
console.log(violations.length === 0 ? "  no violation" : `  ${String(violations.length)} violations`);
process.exitCode = violations.length > 0 ? 1 : stop.signal.aborted ? 130 : 0;
