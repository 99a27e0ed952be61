import { pino } from "pino";
import { expect } from "chai";
import { FILTERS } from "../../../filters/index.ts";
import type { Engine } from "../../../src/cluster/engine.ts";
import { ContainerIndex } from "../../../src/cluster/container-index.ts";
import type { Leadership, Term } from "../../../src/replication/leadership.ts";
import type { Moves, PlannedMove, PlannedOutcome, RescheduleEvent } from "../../../src/reschedule/ports.ts";
import { Rebalancer, type RebalanceStep } from "../../../src/reschedule/rebalance/rebalancer.ts";
import { fakeEngine } from "../fake-engine.ts";

interface Scene {
  readonly rebalancer: Rebalancer;
  readonly asked: PlannedMove[];
  readonly events: RescheduleEvent[];
  readonly steps: RebalanceStep[];
  readonly engines: readonly Engine[];
  readonly index: ContainerIndex;
  readonly run: (options?: {
    max?: number;
    parallel?: number;
    left?: AbortSignal;
  }) => ReturnType<Rebalancer["run"]>;
}

const heldTerm = (lost: AbortSignal): Term => ({ number: 1, sinceMs: 0, lost, held: () => !lost.aborted });

function scene(
  move: (move: PlannedMove) => Promise<PlannedOutcome>,
  {
    lost = new AbortController().signal,
    obstacle = () => undefined as string | undefined,
    leads = true,
  } = {},
): Scene {
  const index = new ContainerIndex();
  const engines = [fakeEngine("n1", 6, index), fakeEngine("n2", 0, index)];
  const asked: PlannedMove[] = [];
  const events: RescheduleEvent[] = [];
  const steps: RebalanceStep[] = [];
  const moves: Pick<Moves, "ready" | "obstacle" | "move"> = {
    ready: true,
    obstacle,
    move: (planned) => {
      asked.push(planned);
      return move(planned);
    },
  };
  const leadership: Leadership = { term: leads ? heldTerm(lost) : undefined, onTerm: () => () => undefined };
  const rebalancer = new Rebalancer({
    cluster: { healthy: () => engines.values() as Generator<Engine>, containers: index },
    moves,
    leadership,
    announce: (event) => void events.push(event),
    strategy: "spread",
    filters: FILTERS,
    rules: { modern: false },
    log: pino({ level: "silent" }),
  });
  return {
    rebalancer,
    asked,
    events,
    steps,
    engines,
    index,
    run: ({ max = 10, parallel = 1, left = new AbortController().signal } = {}) =>
      rebalancer.run({ max, parallel, left, report: (step) => void steps.push(step) }),
  };
}

const moved = ({ target }: PlannedMove): Promise<PlannedOutcome> =>
  Promise.resolve({ kind: "moved", to: target!, containerId: "new" });

describe("reschedule/rebalance: making the moves", () => {
  it("tells the plan, each move and its end", async () => {
    const { run, steps, asked, events } = scene(moved);
    expect(await run()).to.deep.equal({ moved: 3, stayed: 0 });
    expect(steps.map((step) => ("name" in step ? `${step.kind} ${step.name}` : step.kind))).to.deep.equal([
      "plan",
      "moving n1-c1",
      "moved n1-c1",
      "moving n1-c2",
      "moved n1-c2",
      "moving n1-c3",
      "moved n1-c3",
    ]);
    expect(asked.every(({ reason, target }) => reason === "rebalance" && target?.name === "n2")).to.equal(
      true,
    );
    expect(events.map(({ action, attributes }) => [action, attributes])).to.deep.equal([
      ["rebalance_start", { moves: "3" }],
      ["rebalance_done", { moved: "3", stays: "0" }],
    ]);
  });

  it("makes no more at once than asked", async () => {
    let now = 0;
    let most = 0;
    const { run } = scene(async (planned) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return await moved(planned);
    });
    await run({ parallel: 2 });
    expect(most).to.equal(2);
  });

  it("goes on after one that stays, and counts it", async () => {
    const { run, steps } = scene((planned) =>
      planned.record.names[0] === "n1-c1"
        ? Promise.resolve({ kind: "stays", why: "no image" })
        : moved(planned),
    );
    expect(await run()).to.deep.equal({ moved: 2, stayed: 1 });
    expect(steps).to.deep.include({ kind: "stays", name: "n1-c1", why: "no image" });
  });

  it("looks again right before each move", async () => {
    const made = scene((planned) => {
      const second = made.asked.length === 1 ? made.index.byId("n1-2".padEnd(64, "0")) : undefined;
      if (second !== undefined) made.index.remove(second);
      return moved(planned);
    });
    expect(await made.run()).to.deep.equal({ moved: 2, stayed: 1 });
    expect(made.steps).to.deep.include({ kind: "stays", name: "n1-c2", why: "it is not there any more" });
  });

  it("refuses a second one with 409 while it goes", async () => {
    let release: () => void = () => undefined;
    const { run } = scene(async (planned) => {
      await new Promise<void>((resolve) => (release = resolve));
      return await moved(planned);
    });
    const first = run({ max: 1 });
    const second = await run().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(second).to.include({ status: 409, message: "a rebalance is under way already" });
    while (
      await Promise.race([
        first.then(() => false),
        new Promise((resolve) => setImmediate(() => resolve(true))),
      ])
    )
      release();
    expect(await first).to.deep.equal({ moved: 1, stayed: 0 });
    // And the next may begin.
    const third = run({ max: 1 });
    while (
      await Promise.race([
        third.then(() => false),
        new Promise((resolve) => setImmediate(() => resolve(true))),
      ])
    )
      release();
    expect(await third).to.deep.equal({ moved: 1, stayed: 0 });
  });

  it("begins no new moves when the client has left, and finishes the one under way", async () => {
    const left = new AbortController();
    const signals: boolean[] = [];
    const { run, asked } = scene((planned) => {
      left.abort();
      signals.push(planned.signal.aborted);
      return moved(planned);
    });
    expect(await run({ left: left.signal })).to.deep.equal({ moved: 1, stayed: 0 });
    expect([asked.length, signals]).to.deep.equal([1, [false]]);
  });

  it("begins no new moves, and tells those under way, when this manager no longer leads", async () => {
    const lost = new AbortController();
    const signals: boolean[] = [];
    const { run, asked, steps } = scene(
      (planned) => {
        lost.abort();
        signals.push(planned.signal.aborted);
        return moved(planned);
      },
      { lost: lost.signal },
    );
    // Those that never began are no success: whoever reads the end must hear of them.
    expect(await run()).to.deep.equal({ moved: 1, stayed: 2 });
    expect([asked.length, signals]).to.deep.equal([1, [true]]);
    const why = "this manager moves no containers any more";
    expect(steps.slice(-2)).to.deep.equal([
      { kind: "stays", name: "n1-c2", why },
      { kind: "stays", name: "n1-c3", why },
    ]);
  });

  it("answers 503 where it does not lead", async () => {
    const error = await scene(moved, { leads: false })
      .run()
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).to.include({ status: 503 });
  });

  it("moves nothing that has an obstacle", async () => {
    const { run, asked } = scene(moved, { obstacle: () => "no policy" });
    expect(await run()).to.deep.equal({ moved: 0, stayed: 0 });
    expect(asked).to.deep.equal([]);
  });

  it("waits for what is under way when it is closed", async () => {
    let ended = false;
    const made = scene(async (planned) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
      return await moved(planned);
    });
    const running = made.run();
    while (made.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await made.rebalancer[Symbol.asyncDispose]();
    expect(ended).to.equal(true);
    expect(await running).to.deep.equal({ moved: 1, stayed: 2 });
  });
});
