import { expect } from "chai";
import { nextRun, runState, type RunFact } from "../../../src/reschedule/wanted/run-state.ts";

/** Facts as words, each with the second it comes at. */
const facts: Readonly<Record<string, RunFact>> = {
  start: { kind: "started" },
  ask: { kind: "wish" },
  done: { kind: "wish-settled", succeeded: true, running: false },
  signalled: { kind: "wish-settled", succeeded: true, running: true },
  failed: { kind: "wish-settled", succeeded: false, running: true },
  kill: { kind: "killed" },
  "die 0": { kind: "died", exitCode: 0, restarts: false, engineRestarted: false },
  "die 1": { kind: "died", exitCode: 1, restarts: false, engineRestarted: false },
  "die 143": { kind: "died", exitCode: 143, restarts: false, engineRestarted: false },
  "die, restarts": { kind: "died", exitCode: 0, restarts: true, engineRestarted: false },
  "die 0 with engine": { kind: "died", exitCode: 0, restarts: false, engineRestarted: true },
  lost: { kind: "engine-lost" },
  "there, gone": { kind: "settled", running: false },
  "there, runs": { kind: "settled", running: true },
};

function tell(line: string): string {
  let state = runState("running");
  for (const [index, word] of line.split("; ").entries()) {
    const [, name = "", seconds] = /^(.*?)(?: @(\d+))?$/.exec(word) ?? [];
    const fact = facts[name];
    if (fact === undefined) throw new Error(`no fact ${name}`);
    state = nextRun(state, fact, 1_000 * Number(seconds ?? index));
  }
  return state.doubtSinceMs === undefined ? state.run : `${state.run}, in doubt`;
}

describe("reschedule/wanted/run-state", () => {
  // prettier-ignore
  const cases = [
    { it: "a user's stop",                                        told: "ask; kill; die 143; done",            wanted: "stopped" },
    { it: "a user's stop whose events come late",                 told: "ask; done; kill; die 143",            wanted: "stopped" },
    { it: "a user's stop, and nothing more is ever heard",        told: "ask; done",                           wanted: "stopped" },
    { it: "a user's kill that takes a moment",                    told: "ask; kill; signalled; die 143 @10",   wanted: "stopped" },
    { it: "a user's HUP, and the engine's shutdown much later",   told: "ask; kill; signalled; kill @60; die 143 @61; lost @62", wanted: "running" },
    { it: "a user's stop the engine refused",                     told: "ask; failed",                         wanted: "running" },
    { it: "a user's stop the engine refused, and a shutdown",     told: "ask; failed; kill; die 143; lost",    wanted: "running" },
    { it: "of two stops one is still waited for",                 told: "ask; ask; failed; kill; die 143",     wanted: "stopped" },
    { it: "a stop, then a start",                                 told: "ask; kill; die 143; done; start",     wanted: "running" },
    { it: "the engine's shutdown, and nothing more yet",          told: "kill; die 143",                       wanted: "running, in doubt" },
    { it: "the engine's shutdown",                                told: "kill; die 143; lost",                 wanted: "running" },
    { it: "the engine's shutdown, with a gentle process",         told: "kill; die 0; lost",                   wanted: "running" },
    { it: "the machine's shutdown, which ends it past the engine", told: "die 143; lost",                      wanted: "running" },
    { it: "a stop past the manager",                              told: "kill; die 143; there, gone",          wanted: "stopped" },
    { it: "a restart past the manager",                           told: "kill; die 143; start",                wanted: "running" },
    { it: "a restart nobody has heard the end of",                told: "kill; die 143; there, runs",          wanted: "running" },
    { it: "its own end",                                          told: "die 0",                               wanted: "stopped" },
    { it: "its own end in failure",                               told: "die 1; lost",                         wanted: "stopped" },
    { it: "its own end, before its engine brings it back",        told: "die, restarts; lost",                 wanted: "running" },
    { it: "its own end, and its engine gave up on it",            told: "die, restarts; there, gone",          wanted: "stopped" },
    { it: "an end with its engine, which is back",                told: "die 0 with engine",                   wanted: "running" },
    { it: "an end with its engine, when it was stopped before",   told: "die 0; die 0 with engine",            wanted: "stopped" },
    { it: "a second start, after an old signal",                  told: "kill; start; die 0",                  wanted: "stopped" },
    { it: "a late answer that settles nothing",                   told: "there, gone",                         wanted: "running" },
  ];
  for (const c of cases) {
    it(`${c.it}: ${c.wanted}`, () => {
      expect(tell(c.told)).to.equal(c.wanted);
    });
  }
});
