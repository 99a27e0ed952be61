import { expect } from "chai";
import {
  containerStatus,
  durationChangesAt,
  humanDuration,
  stateName,
  statusAt,
} from "../../../src/api/views/container-status.ts";
import { container, created, exited, node, now, running, state } from "./builders.ts";

const seconds = 1_000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const days = 24 * hours;

describe("api/views/container-status", () => {
  // prettier-ignore
  const durations = [
    { ms: -5 * minutes,     is: "Less than a second" },
    { ms: 999,              is: "Less than a second" },
    { ms: 1 * seconds,      is: "1 second" },
    { ms: 2 * seconds,      is: "2 seconds" },
    { ms: 59.9 * seconds,   is: "59 seconds" },
    { ms: 60 * seconds,     is: "About a minute" },
    { ms: 119 * seconds,    is: "About a minute" },
    { ms: 2 * minutes,      is: "2 minutes" },
    { ms: 59 * minutes,     is: "59 minutes" },
    { ms: 60 * minutes,     is: "About an hour" },
    { ms: 89 * minutes,     is: "About an hour" },
    { ms: 90 * minutes,     is: "2 hours" },
    { ms: 47 * hours,       is: "47 hours" },
    { ms: 48 * hours,       is: "2 days" },
    { ms: 13.9 * days,      is: "13 days" },
    { ms: 14 * days,        is: "2 weeks" },
    { ms: 89 * days,        is: "12 weeks" },
    { ms: 90 * days,        is: "3 months" },
    { ms: 729 * days,       is: "24 months" },
    { ms: 730 * days,       is: "2 years" },
  ];
  for (const { ms, is } of durations) {
    it(`words ${ms / seconds} s as "${is}"`, () => expect(humanDuration(ms)).to.equal(is));
  }

  it("says how long the words for a duration hold", () => {
    const around = [0, 1, 59, 60].flatMap((n) => [
      n * seconds,
      n * minutes,
      (n + 0.5) * hours,
      n * 24 * hours,
    ]);
    for (const edge of around)
      for (const ms of [edge - 1, edge, edge + 1, edge + 12_345]) {
        const changesAt = durationChangesAt(ms);
        expect(changesAt).to.be.greaterThan(ms);
        expect(humanDuration(changesAt - 1), `${ms} ms`).to.equal(humanDuration(ms));
        // Not so early that it would be looked at for nothing all the time.
        if (ms >= 0 && ms < 47 * hours) expect(humanDuration(changesAt)).to.not.equal(humanDuration(ms));
      }
  });

  it("says how long the column holds", () => {
    const { text, untilMs } = statusAt(container({ node: node({ clockDeltaMs: 500 }) }), now);
    expect([text, untilMs - now]).to.deep.equal(["Up 2 minutes", 1_000]);
    expect(statusAt(container({ state: created }), now).untilMs).to.equal(Infinity);
  });

  const health = (Status: string) => state({ Health: { Status } });
  // prettier-ignore
  const statuses = [
    { name: "running",    state: running,                                         is: "Up 2 minutes" },
    { name: "running",    state: health("healthy"),                               is: "Up 2 minutes (healthy)" },
    { name: "running",    state: health("unhealthy"),                             is: "Up 2 minutes (unhealthy)" },
    { name: "running",    state: health("starting"),                              is: "Up 2 minutes (health: starting)" },
    { name: "running",    state: health("none"),                                  is: "Up 2 minutes" },
    { name: "paused",     state: state({ Status: "paused", Paused: true }),       is: "Up 2 minutes (Paused)" },
    { name: "restarting", state: state({ Restarting: true, ExitCode: 1, FinishedAt: "2026-11-21T11:59:58Z" }), is: "Restarting (1) 2 seconds ago" },
    { name: "exited",     state: exited(),                                        is: "Exited (0) 2 hours ago" },
    { name: "exited",     state: exited(137),                                     is: "Exited (137) 2 hours ago" },
    { name: "exited",     state: { ...exited(), FinishedAt: "0001-01-01T00:00:00Z" }, is: "" },
    { name: "created",    state: created,                                         is: "Created" },
    { name: "dead",       state: { ...exited(), Status: "dead", Dead: true },     is: "Dead" },
    { name: "removing",   state: { ...exited(), Status: "removing" },             is: "Removal In Progress" },
  ];
  for (const c of statuses) {
    it(`shows a ${c.name} container as "${c.is}"`, () => {
      expect(containerStatus(container({ state: c.state }), now)).to.equal(c.is);
      expect(stateName(c.state)).to.equal(c.name);
    });
  }

  for (const nodeState of ["Unhealthy", "Pending"] as const) {
    it(`shows any container of a node that is ${nodeState} as Host Down`, () => {
      const lost = container({ node: node({ state: nodeState }), state: exited() });
      expect(containerStatus(lost, now)).to.equal("Host Down");
    });
  }

  it("evens out the clocks of engine and manager", () => {
    const behind = container({ node: node({ clockDeltaMs: 2 * minutes }) });
    expect(containerStatus(behind, now)).to.equal("Up 59 seconds");
  });
});
