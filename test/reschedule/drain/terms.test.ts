import { expect } from "chai";
import { pino } from "pino";
import { ContainerIndex } from "../../../src/cluster/container-index.ts";
import type { NodeSettings } from "../../../src/cluster/node-settings.ts";
import type { Leadership, Term } from "../../../src/replication/leadership.ts";
import { Drains } from "../../../src/reschedule/drain/drains.ts";
import type { PlannedMove, PlannedOutcome } from "../../../src/reschedule/ports.ts";
import { until } from "../../api/support.ts";
import { fakeEngine } from "../fake-engine.ts";

/** Two nodes, of which one drains, and a leadership in the test's hands. */
function scene({ obstacle = (): string | undefined => undefined } = {}) {
  const index = new ContainerIndex();
  const engines = [fakeEngine("n1", 6, index), fakeEngine("n2", 0, index)];
  const asked: PlannedMove[] = [];
  const waiting: ((outcome: PlannedOutcome) => void)[] = [];
  const settings = new Map<string, NodeSettings>();
  let changed: (engineId: string) => void = () => undefined;
  let begun: (term: Term) => void = () => undefined;
  const leadership: Leadership = {
    term: undefined,
    onTerm: (listener) => {
      begun = listener;
      return () => undefined;
    },
  };
  const drains = new Drains({
    cluster: {
      members: () => engines.values() as ReturnType<() => Generator<(typeof engines)[0]>>,
    },
    nodes: {
      of: (engineId) => settings.get(engineId),
      onChange: (listener) => {
        changed = listener;
        return () => undefined;
      },
    },
    moves: {
      ready: true,
      obstacle,
      move: (move) => {
        asked.push(move);
        return new Promise((resolve) => waiting.push(resolve));
      },
    },
    leadership,
    announce: () => undefined,
    log: pino({ level: "silent" }),
    random: () => 0.5,
    now: () => 1_000,
  });
  const stop = new AbortController();
  const running = drains.run(stop.signal);
  return {
    drains,
    asked,
    waiting,
    set: (availability: NodeSettings["availability"]) => {
      settings.set("ID-n1", {
        availability,
        labels: new Map(),
        ...(availability === "drain" ? { drain: { sinceMs: 500, deadlineMs: 9_000 } } : {}),
      });
      changed("ID-n1");
    },
    begin: (number: number) => {
      const lost = new AbortController();
      begun({ number, sinceMs: 0, lost: lost.signal, held: () => !lost.signal.aborted });
      return lost;
    },
    end: async () => {
      stop.abort();
      for (const settle of waiting) settle({ kind: "stays", why: "the test is over" });
      await running;
    },
  };
}

describe("reschedule/drain: terms of leadership", () => {
  it("begins nothing before this manager leads, and then with what was asked for before", async () => {
    const { drains, asked, set, begin, end } = scene();
    set("drain");
    await new Promise((resolve) => setImmediate(resolve));
    expect([asked.length, drains.progress("ID-n1")]).to.deep.equal([0, undefined]);
    begin(1);
    await until(() => asked.length === 4);
    expect(drains.progress("ID-n1")).to.include({ state: "running", startedMs: 500, deadlineMs: 9_000 });
    await end();
  });

  it("ends with the term: moves under way are told, and the next term begins only after them", async () => {
    const { drains, asked, waiting, set, begin, end } = scene();
    set("drain");
    const lost = begin(1);
    await until(() => asked.length === 4);
    lost.abort();
    expect(asked.every(({ signal }) => signal.aborted)).to.equal(true);
    begin(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.length).to.equal(4);
    for (const settle of waiting.splice(0)) settle({ kind: "stays", why: "no longer primary" });
    await until(() => asked.length === 8);
    expect(asked[7]!.signal.aborted).to.equal(false);
    expect(drains.progress("ID-n1")?.moving).to.have.length(4);
    await end();
  });

  it("goes on when a look failed", async () => {
    let looks = 0;
    const { asked, set, begin, end } = scene({
      obstacle: () => {
        if (looks++ === 0) throw new Error("a bug");
        return undefined;
      },
    });
    set("drain");
    begin(1);
    await until(() => looks > 0);
    set("drain");
    await until(() => asked.length === 4);
    await end();
  });

  it("begins nothing new when the node is active again, and lets what is under way end", async () => {
    const { drains, asked, waiting, set, begin, end } = scene();
    set("drain");
    begin(1);
    await until(() => asked.length === 4);
    set("active");
    await until(() => drains.progress("ID-n1") === undefined);
    expect(asked.some(({ signal }) => signal.aborted)).to.equal(false);
    for (const settle of waiting.splice(0)) settle({ kind: "stays", why: "no room" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.length).to.equal(4);
    await end();
  });
});
