import { expect } from "chai";
import { CallScope, OpenCalls } from "../../src/docker/call-scope.ts";
import { Deadlines, type Timed } from "../../src/docker/deadlines.ts";
import { eventually } from "../lab/eventually.ts";

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
/** How many timers keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("docker/call-scope", () => {
  it("is given up for the first reason only, and tells once", () => {
    const scope = new CallScope(0, {});
    let told = 0;
    scope.onGivenUp({ giveUp: () => told++ });
    const { signal } = scope;
    expect([scope.givenUp, signal.aborted]).to.deep.equal([undefined, false]);
    scope.giveUp("cancelled");
    scope.giveUp("closed");
    expect([scope.givenUp, told, signal.aborted]).to.deep.equal(["cancelled", 1, true]);
  });

  it("tells at once who asks later", () => {
    const scope = new CallScope(10, { cancelled: AbortSignal.abort() });
    let told = 0;
    scope.onGivenUp({ giveUp: () => told++ });
    expect([scope.givenUp, told, scope.signal.aborted]).to.deep.equal(["cancelled", 1, true]);
  });

  it("tells nobody after its end, whatever happens", async () => {
    const cancelled = new AbortController();
    const closed = new AbortController();
    const scope = new CallScope(5, { cancelled: cancelled.signal, closed: new OpenCalls(closed.signal) });
    let told = 0;
    scope.onGivenUp({ giveUp: () => told++ });
    const { signal } = scope;
    scope.end();
    cancelled.abort();
    closed.abort();
    await after(15);
    expect([scope.givenUp, told, signal.aborted]).to.deep.equal([undefined, 0, false]);
  });

  it("ends with the client, also when that was closed before", () => {
    const closed = new AbortController();
    const open = new OpenCalls(closed.signal);
    const scopes = [new CallScope(0, { closed: open }), new CallScope(0, { closed: open })];
    closed.abort();
    scopes.push(new CallScope(0, { closed: open }));
    expect(scopes.map(({ givenUp }) => givenUp)).to.deep.equal(["closed", "closed", "closed"]);
  });

  it("runs out of time, unless the deadline is dropped", async () => {
    const scope = new CallScope(5, {});
    const patient = new CallScope(5, {});
    patient.dropDeadline();
    await eventually("it ran out", () => scope.givenUp === "time");
    expect(patient.givenUp).to.equal(undefined);
  });
});

describe("docker/deadlines", () => {
  const timed = (name: string, into: string[]): Timed => ({ runOut: () => void into.push(name) });

  it("run out in their order, each in its own time", async () => {
    const out: string[] = [];
    const deadlines = Deadlines.of(61);
    const begun = performance.now();
    deadlines.add(timed("first", out));
    await after(30);
    const second = performance.now();
    deadlines.add(timed("second", out));
    await eventually("the first", () => out.length === 1);
    expect(performance.now() - begun).to.be.at.least(60);
    await eventually("the second", () => out.length === 2);
    expect(performance.now() - second).to.be.at.least(60);
    expect(out).to.deep.equal(["first", "second"]);
  });

  it("do not run out when the call is over, and leave the others theirs", async () => {
    const out: string[] = [];
    const deadlines = Deadlines.of(21);
    const gone = timed("gone", out);
    deadlines.add(gone);
    deadlines.add(timed("stays", out));
    deadlines.delete(gone);
    await eventually("it ran out", () => out.length > 0);
    expect(out).to.deep.equal(["stays"]);
  });

  it("share one timer, which keeps the process alive as long as there are any", () => {
    const before = timers();
    const deadlines = Deadlines.of(60_000);
    const all = Array.from({ length: 100 }, () => timed("", []));
    for (let round = 0; round < 2; round++) {
      for (const each of all) deadlines.add(each);
      expect(timers()).to.equal(before + 1);
      for (const each of all) {
        expect(timers()).to.equal(before + 1);
        deadlines.delete(each);
      }
      expect(timers()).to.equal(before);
    }
  });

  it("begin anew after all have run out", async () => {
    const out: string[] = [];
    for (let n = 1; n <= 3; n++) {
      Deadlines.of(3).add(timed("again", out));
      await eventually("it ran out", () => out.length === n);
    }
  });

  it("that run out may begin others of the same duration", async () => {
    const out: string[] = [];
    const deadlines = Deadlines.of(7);
    deadlines.add({ runOut: () => deadlines.add(timed("next", out)) });
    await eventually("it ran out", () => out.length === 1);
  });
});
