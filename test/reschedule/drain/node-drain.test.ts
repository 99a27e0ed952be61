import { expect } from "chai";
import type { Engine } from "../../../src/cluster/engine.ts";
import { MAX_LISTED } from "../../../src/reschedule/drain/drain-view.ts";
import { DRAIN_PARALLEL, NodeDrain, type DrainItem } from "../../../src/reschedule/drain/node-drain.ts";
import { PASSING } from "../../../src/reschedule/passing-obstacles.ts";
import type { PlannedOutcome } from "../../../src/reschedule/ports.ts";

const item = (name: string, obstacle?: string): DrainItem => ({
  id: `id-${name}`,
  name,
  swarmId: `swarm-${name}`,
  obstacle,
});
const moved: PlannedOutcome = { kind: "moved", to: { name: "n2" } as unknown as Engine, containerId: "new" };
const stays: PlannedOutcome = { kind: "stays", why: "no room" };
const names = (items: readonly DrainItem[]) => items.map(({ name }) => name);
const times = { startedMs: 0, deadlineMs: 600_000 };
const drain = () => new NodeDrain(times, 0);

describe("reschedule/drain: one node", () => {
  it("moves so many at once, and the next when one has ended", () => {
    const node = drain();
    const items = ["a", "b", "c", "d", "e", "f"].map((name) => item(name));
    const first = node.begin(items, true, 0);
    expect(first).to.have.length(DRAIN_PARALLEL);
    expect(node.begin(items, true, 1)).to.deep.equal([]);
    node.settle(item("a"), moved, 2, 0.5);
    expect(names(node.begin(items.slice(1), true, 3))).to.deep.equal(["e"]);
    expect(node.progress.moved).to.deep.equal([{ name: "a", swarmId: "swarm-a", to: "n2" }]);
    expect(node.progress.moving.map(({ name }) => name)).to.deep.equal(["b", "c", "d", "e"]);
  });

  it("is done when nothing that may move is left, and says why the rest stays", () => {
    const node = drain();
    const items = [item("web"), item("cache", "no policy")];
    expect(names(node.begin(items, true, 0))).to.deep.equal(["web"]);
    expect(node.progress.state).to.equal("running");
    node.settle(item("web"), moved, 10, 0.5);
    expect(node.progress).to.include({ state: "done" });
    expect(node.progress.stays).to.deep.equal([{ name: "cache", id: "id-cache", why: "no policy" }]);
  });

  for (const why of [
    PASSING.unrecorded,
    PASSING.paused,
    PASSING.restarting,
    `another copy of it is on n2: ${PASSING.otherCopy}`,
    `it shares network back with db, which cannot move: ${PASSING.paused}`,
  ]) {
    it(`is not done while this may pass: ${why}`, () => {
      const node = drain();
      expect(node.begin([item("web", why)], true, 0)).to.deep.equal([]);
      expect(node.progress).to.deep.include({
        state: "running",
        stays: [{ name: "web", id: "id-web", why }],
      });
      expect(names(node.begin([item("web")], true, 1))).to.deep.equal(["web"]);
    });

    it(`runs out of time by this: ${why}`, () => {
      const node = drain();
      node.begin([item("web", why)], true, times.deadlineMs);
      expect(node.progress.state).to.equal("deadline");
    });
  }

  it("is done at once where there is nothing", () => {
    const node = drain();
    node.begin([], true, 0);
    expect(node.progress.state).to.equal("done");
  });

  it("tries again after a pause that doubles up to half a minute", () => {
    const node = drain();
    const pauses: number[] = [];
    let now = 0;
    for (let tries = 0; tries < 8; tries++) {
      expect(names(node.begin([item("web")], true, now))).to.deep.equal(["web"]);
      node.settle(item("web"), stays, now, 0.5);
      const before = now;
      do now += 500;
      while (node.begin([item("web")], true, now).length === 0);
      node.settle(item("web"), stays, now, 0.5);
      pauses.push(now - before);
      // The next look has its own pause behind it.
      now += 60_000;
    }
    expect(pauses.slice(0, 3)).to.deep.equal([1_000, 4_000, 16_000]);
    expect(Math.max(...pauses)).to.equal(30_000);
  });

  it("lets those that failed less often go first", () => {
    const node = drain();
    const hopeless = ["a", "b", "c", "d"].map((name) => item(name));
    node.begin(hopeless, true, 0);
    for (const each of hopeless) node.settle(each, stays, 0, 0.5);
    expect(names(node.begin([...hopeless, item("new")], true, 5_000))[0]).to.equal("new");
  });

  it("gives up at its deadline, with the last reason", () => {
    const node = drain();
    node.begin([item("web")], true, 0);
    node.settle(item("web"), stays, 100, 0.5);
    expect(node.begin([item("web")], true, times.deadlineMs)).to.deep.equal([]);
    expect(node.progress.state).to.equal("deadline");
    expect(node.progress.stays).to.deep.equal([{ name: "web", id: "id-web", why: "no room" }]);
  });

  it("waits for what is under way at its deadline", () => {
    const node = drain();
    node.begin([item("web")], true, 0);
    node.begin([item("web")], true, times.deadlineMs);
    expect(node.progress.state).to.equal("running");
  });

  it("begins nothing while the node does not answer, and goes on afterwards", () => {
    const node = drain();
    expect(node.begin([item("web")], false, 0)).to.deep.equal([]);
    expect(node.progress).to.include({ state: "running" });
    expect(node.progress.stays[0]?.why).to.equal("its node does not answer");
    expect(names(node.begin([item("web")], true, 1))).to.deep.equal(["web"]);
  });

  it("goes on when a container appears after it was done", () => {
    const node = drain();
    node.begin([], true, 0);
    expect(names(node.begin([item("late")], true, 10))).to.deep.equal(["late"]);
    expect(node.progress.state).to.equal("running");
  });

  it("forgets containers that somebody else removed", () => {
    const node = drain();
    node.begin([item("web")], true, 0);
    node.settle(item("web"), stays, 0, 0.5);
    node.begin([], true, 10);
    expect(node.progress).to.deep.include({ state: "done", stays: [] });
  });

  it("tries everything at once when it is asked for anew", () => {
    const node = drain();
    node.begin([item("web")], true, 0);
    node.settle(item("web"), stays, 0, 0.5);
    node.restart({ startedMs: 50, deadlineMs: 900_000 });
    expect(names(node.begin([item("web")], true, 51))).to.deep.equal(["web"]);
    expect(node.progress).to.include({ startedMs: 50, deadlineMs: 900_000 });
  });

  it("lists a bounded number, and counts all", () => {
    const node = drain();
    const many = Array.from({ length: MAX_LISTED + 5 }, (_, index) => item(`c${index}`, "no policy"));
    node.begin(many, true, 0);
    expect(node.progress.stays).to.have.length(MAX_LISTED);
    expect(node.staysCount).to.equal(MAX_LISTED + 5);
  });
});
