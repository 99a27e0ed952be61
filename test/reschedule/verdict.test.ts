import { expect } from "chai";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import type { EngineFate } from "../../src/reschedule/engine-loss.ts";
import { verdictOn, type Situation } from "../../src/reschedule/verdict.ts";
import { hex } from "../cluster/builders.ts";
import { copy, engineOf, wanted } from "./builders.ts";

const A = hex("a");
const B = hex("b");
const n2 = engineOf("node-2");
const lost: EngineFate = { kind: "lost", sinceMs: 1_000, why: "timed out" };
const alive: EngineFate = { kind: "alive" };
const mass = { keys: new Set(["1", "2"]), of: 3, untilMs: 7_000 };

function verdict(
  fate: EngineFate,
  copies: readonly ContainerRecord[],
  parts: Partial<Situation> = {},
): string {
  const given = verdictOn({
    wanted: wanted(),
    copies,
    fate,
    mass: undefined,
    delayMs: 0,
    inDoubt: () => false,
    nowMs: 5_000,
    ...parts,
  });
  switch (given.kind) {
    case "wait":
      return `wait until ${given.untilMs}: ${given.why}`;
    case "hold":
    case "unknown":
    case "reschedule":
      return `${given.kind}: ${given.why}`;
    case "duplicate":
      return `duplicate: ${given.loser.id[0] ?? ""} gives way to ${given.winner.id[0] ?? ""}`;
    case "start":
    case "adopt":
      return `${given.kind} ${given.record.id[0] ?? ""}`;
    case "nothing":
    case "skip":
      return given.kind;
  }
}

describe("reschedule/verdict", () => {
  const here = copy({ id: A });
  const ended = copy({ id: A, status: "exited" });
  const there = copy({ id: B, engine: n2, from: A });
  const unfinished = copy({ id: B, engine: n2, from: A, status: "created" });
  const onDead = copy({ id: A, engine: engineOf("node-1", { healthy: false }) });
  const inDoubt = () => true;
  const off = wanted({ policy: "off" });
  const stopped = wanted({ run: "stopped" });
  // prettier-ignore
  const cases: readonly { it: string; fate: EngineFate; copies: readonly ContainerRecord[]; parts?: Partial<Situation>; says: string }[] = [
    { it: "does nothing about what runs where it was",            fate: alive, copies: [here],                              says: "nothing" },
    { it: "does nothing about what its user stopped",             fate: alive, copies: [ended], parts: { wanted: stopped }, says: "nothing" },
    { it: "starts again what ended with its engine",              fate: alive, copies: [ended],                             says: "start a" },
    { it: "waits until it is clear why something ended",          fate: alive, copies: [ended], parts: { inDoubt },         says: "unknown: why it ended is not clear yet" },
    { it: "waits until it is clear why something is gone",        fate: alive, copies: [], parts: { inDoubt },              says: "unknown: why it ended is not clear yet" },
    { it: "makes anew what its engine removed as it ended",       fate: alive, copies: [],                                  says: "reschedule: its node's engine removed it" },
    { it: "moves what is on a lost engine",                       fate: lost, copies: [onDead],                             says: "reschedule: timed out" },
    { it: "moves it when nobody has seen it, either",             fate: lost, copies: [],                                   says: "reschedule: timed out" },
    { it: "moves what its user stopped, too",                     fate: lost, copies: [onDead], parts: { wanted: stopped }, says: "reschedule: timed out" },
    { it: "does not move what did not ask for it",                fate: lost, copies: [onDead], parts: { wanted: off },     says: "skip" },
    { it: "waits for the delay",                                  fate: lost, copies: [onDead], parts: { delayMs: 4_001 },  says: "wait until 5001: swarm.reschedule-delay" },
    { it: "and no longer",                                        fate: lost, copies: [onDead], parts: { delayMs: 4_000 },  says: "reschedule: timed out" },
    { it: "waits while most engines are lost",                    fate: lost, copies: [onDead], parts: { mass },            says: "wait until 7000: 2 of 3 nodes were lost at once: perhaps this manager is cut off" },
    { it: "and no longer",                                        fate: lost, copies: [onDead], parts: { mass, nowMs: 7_000 }, says: "reschedule: timed out" },
    { it: "waits for news of an engine nobody has seen",          fate: { kind: "unknown", why: "x" }, copies: [],          says: "unknown: x" },
    { it: "leaves alone what may run where we are not let in",    fate: { kind: "held", why: "x" }, copies: [],             says: "hold: x" },
    { it: "takes up a copy the book does not know",               fate: lost, copies: [onDead, there],                      says: "adopt b" },
    { it: "goes on with a copy that does not run yet",            fate: lost, copies: [onDead, unfinished],                 says: "reschedule: timed out" },
    { it: "goes on with it when its origin is well and bare",     fate: alive, copies: [unfinished],                        says: "reschedule: its new copy does not run yet" },
    { it: "starts its origin when that is back, and the copy never ran", fate: alive, copies: [ended, unfinished],         says: "start a" },
    { it: "starts what was made and is in the book",              fate: alive, copies: [unfinished], parts: { wanted: wanted({ last: { ...wanted().last, containerId: B } }) }, says: "start b" },
    { it: "removes what came back beside the one in the book",    fate: alive, copies: [here, there], parts: { wanted: wanted({ last: { ...wanted().last, containerId: B } }) }, says: "duplicate: a gives way to b" },
    { it: "takes up the one that runs before the one in the book goes", fate: alive, copies: [ended, there],                says: "adopt b" },
    { it: "does not go on with a leftover while it is not clear why the last copy is gone", fate: alive, copies: [copy({ id: B, engine: n2, status: "exited" })], parts: { inDoubt }, says: "unknown: why it ended is not clear yet" },
    { it: "removes a copy that came too late",                    fate: alive, copies: [here, unfinished],                  says: "duplicate: b gives way to a" },
  ];
  for (const c of cases) it(c.it, () => expect(verdict(c.fate, c.copies, c.parts)).to.equal(c.says));
});
