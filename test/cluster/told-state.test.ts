import { expect } from "chai";
import { timestampOf, toldState } from "../../src/cluster/told-state.ts";
import type { EngineEvent } from "../../src/docker/types.ts";
import { inspected } from "./builders.ts";

const at = 1_700_000_000_123_456_789n;
const AT = "2023-11-14T22:13:20.123456789Z";
const event = (Action: string, attributes: Record<string, string> = {}): EngineEvent => ({
  Type: "container",
  Action,
  Actor: { ID: "a", Attributes: attributes },
  timeNano: at,
});
const NEVER = "0001-01-01T00:00:00Z";
const created = inspected({ state: { Status: "created", Running: false, StartedAt: NEVER } }).State;
const running = inspected().State;
const paused = inspected({ state: { Status: "paused", Paused: true } }).State;
const watched = inspected({ state: { Health: { Status: "healthy" } } }).State;

describe("cluster/told-state", () => {
  // prettier-ignore
  const says = [
    { it: "a start",                    old: created, event: event("start"),                      state: { Status: "running", Running: true, StartedAt: AT, FinishedAt: NEVER } },
    { it: "a start with health checks", old: watched, event: event("start"),                      state: { Status: "running", Health: { Status: "starting" } } },
    { it: "an end",                     old: running, event: event("die", { exitCode: "137" }),   state: { Status: "exited", Running: false, ExitCode: 137, FinishedAt: AT, StartedAt: running.StartedAt } },
    { it: "the end of a paused one",    old: paused,  event: event("die", { exitCode: "0" }),     state: { Status: "exited", Running: false, Paused: false, ExitCode: 0 } },
    { it: "a pause",                    old: running, event: event("pause"),                      state: { Status: "paused", Paused: true, Running: true } },
    { it: "the end of a pause",         old: paused,  event: event("unpause"),                    state: { Status: "running", Paused: false, Running: true } },
    { it: "health",                     old: running, event: event("health_status: unhealthy"),   state: { Status: "running", Health: { Status: "unhealthy" } } },
  ];
  for (const { it: what, old, event: given, state } of says) {
    it(`knows ${what}`, () => {
      const told = toldState(old, given);
      expect(told.kind === "state" && told.state).to.deep.include(state);
    });
  }

  for (const action of ["kill", "oom", "stop", "restart", "connect", "disconnect"]) {
    it(`takes ${action} for something that others tell`, () => {
      expect(toldState(running, event(action))).to.deep.equal({ kind: "listed" });
    });
  }

  // prettier-ignore
  const unsaid = [
    { it: "an end without its exit code",   old: running, event: event("die") },
    { it: "a pause of what does not run",   old: created, event: event("pause") },
    { it: "the end of one",                 old: created, event: event("unpause") },
    { it: "health without a word",          old: running, event: event("health_status") },
    { it: "a new name",                     old: running, event: event("rename", { name: "x" }) },
    { it: "other limits",                   old: running, event: event("update") },
    { it: "what we have never heard of",    old: running, event: event("transmogrify") },
  ];
  for (const { it: what, old, event: given } of unsaid) {
    it(`knows nothing from ${what}`, () => {
      expect(toldState(old, given)).to.deep.equal({ kind: "unsaid" });
    });
  }

  it("reads moments of any precision", () => {
    expect(timestampOf({ time: 1_700_000_000 })).to.equal("2023-11-14T22:13:20.000000000Z");
    expect(timestampOf({ time: 1, timeNano: 1_500_000_000 })).to.equal("1970-01-01T00:00:01.500000000Z");
    expect(timestampOf({ timeNano: at })).to.equal(AT);
  });
});
