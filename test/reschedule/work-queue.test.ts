import { expect } from "chai";
import type { Failure } from "../../src/reschedule/attempts.ts";
import { WorkQueue, type WorkQueueOptions } from "../../src/reschedule/work-queue.ts";
import { FakeTime, settled } from "./fake-time.ts";

/** What is being worked on: each attempt ends when the test says so. */
class Bench {
  readonly time = new FakeTime();
  /** Keys in the order their attempts began. */
  readonly begun: string[] = [];
  readonly reports: string[] = [];
  readonly done: string[] = [];
  readonly #open = new Map<
    string,
    { resolve: (done: boolean) => void; reject: (error: Error) => void; signal: AbortSignal }
  >();
  readonly queue: WorkQueue;

  constructor(options: Partial<WorkQueueOptions> = {}) {
    this.queue = new WorkQueue({
      parallel: 2,
      timeoutMs: 300_000,
      retryMaxMs: 60_000,
      failed: (key, { report, text }: Failure) => this.reports.push(`${key} ${report}: ${text}`),
      ended: (key, done) => this.done.push(done ? key : `${key}: nothing to do`),
      now: this.time.now,
      random: () => 1,
      after: this.time.after,
      ...options,
    });
  }

  offer(
    keys: readonly string[],
    order: Readonly<Record<string, readonly string[]>> = {},
    kind = "run",
  ): void {
    const works = keys.map((key) => ({
      key,
      kind,
      attempt: (signal: AbortSignal) => this.work(key, signal),
    }));
    this.queue.offer(works, new Map(Object.entries(order).map(([key, on]) => [key, new Set(on)])));
  }

  work(key: string, signal: AbortSignal): Promise<boolean> {
    this.begun.push(key);
    return new Promise((resolve, reject) => this.#open.set(key, { resolve, reject, signal }));
  }

  signal(key: string): AbortSignal {
    return this.#attempt(key).signal;
  }
  async succeeds(key: string, done = true): Promise<void> {
    this.#attempt(key).resolve(done);
    this.#open.delete(key);
    await settled();
  }
  async fails(key: string, text = "no"): Promise<void> {
    this.#attempt(key).reject(new Error(text));
    this.#open.delete(key);
    await settled();
  }

  #attempt(key: string) {
    const open = this.#open.get(key);
    if (open === undefined) throw new Error(`nobody works on ${key}`);
    return open;
  }
}

describe("reschedule/work-queue", () => {
  it("works on so many at once", async () => {
    const bench = new Bench();
    bench.offer(["a", "b", "c"]);
    expect(bench.begun).to.deep.equal(["a", "b"]);
    await bench.succeeds("b");
    expect(bench.begun).to.deep.equal(["a", "b", "c"]);
    expect(bench.done).to.deep.equal(["b"]);
  });

  it("tries again what was offered last, for what it is about may have changed", async () => {
    const bench = new Bench();
    const tried: string[] = [];
    const offer = (about: string): void => {
      const attempt = (): Promise<boolean> => {
        tried.push(about);
        return Promise.reject(new Error("no"));
      };
      bench.queue.offer([{ key: "a", kind: "run", attempt }], new Map());
    };
    offer("as it was");
    await settled();
    offer("as it is");
    await bench.time.pass(1_000);
    expect(tried).to.deep.equal(["as it was", "as it is"]);
  });

  it("works once on what is offered twice", () => {
    const bench = new Bench();
    bench.offer(["a"]);
    bench.offer(["a"]);
    expect(bench.begun).to.deep.equal(["a"]);
  });

  it("tries again after 1, 2, 4 … seconds, at most a minute apart", async () => {
    const bench = new Bench();
    bench.offer(["a"]);
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt++) {
      await bench.fails("a");
      const state = bench.queue.state("a");
      expect(state?.attempts).to.equal(attempt);
      pauses.push(((state?.nextTryMs ?? NaN) - bench.time.nowMs) / 1_000);
      await bench.time.pass((pauses.at(-1) ?? 0) * 1_000);
    }
    expect(pauses).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it("makes each pause up to a quarter shorter, at random", async () => {
    const bench = new Bench({ random: () => 0 });
    bench.offer(["a"]);
    await bench.fails("a");
    expect(bench.queue.state("a")?.nextTryMs).to.equal(750);
  });

  it("reports an error when it is new, every tenth attempt, and once a minute", async () => {
    const bench = new Bench({ retryMaxMs: 1_000 });
    bench.offer(["a"]);
    for (let attempt = 1; attempt <= 11; attempt++) {
      await bench.fails("a", attempt === 3 ? "other" : "no");
      await bench.time.pass(1_000);
    }
    expect(bench.reports.filter((line) => !line.includes("known"))).to.deep.equal([
      "a new: no",
      "a new: other",
      "a again: no",
    ]);
    bench.reports.length = 0;
    await bench.time.pass(60_000);
    await bench.fails("a");
    expect(bench.reports).to.deep.equal(["a again: no"]);
  });

  it("lets others pass while one waits for its next try", async () => {
    const bench = new Bench({ parallel: 1 });
    bench.offer(["a", "b"]);
    await bench.fails("a");
    expect(bench.begun).to.deep.equal(["a", "b"]);
  });

  it("ends an attempt at its deadline, and says so", async () => {
    const bench = new Bench({ timeoutMs: 5_000 });
    bench.offer(["a"]);
    await bench.time.pass(5_000);
    expect(bench.signal("a").aborted).to.equal(true);
    await bench.fails("a", "the pull was given up");
    expect(bench.queue.state("a")?.lastError).to.equal("not done within 5 s: the pull was given up");
  });

  it("gives the place of what cannot be ended to others, and keeps its key", async () => {
    const bench = new Bench({ parallel: 1, timeoutMs: 5_000 });
    bench.offer(["a", "b"]);
    await bench.time.pass(15_000);
    expect(bench.begun).to.deep.equal(["a", "b"]);
    bench.offer(["a"]);
    expect(bench.queue.state("a")?.running).to.equal(true);
    await bench.succeeds("b");
    await bench.fails("a");
    await bench.time.pass(1_000);
    expect(bench.begun).to.deep.equal(["a", "b", "a"]);
  });

  it("begins with those that others follow, and with the followers when that was tried once", async () => {
    const bench = new Bench({ parallel: 9 });
    bench.offer(["web", "db", "free"], { web: ["db"] });
    expect(bench.begun).to.deep.equal(["db", "free"]);
    await bench.fails("db");
    expect(bench.begun).to.deep.equal(["db", "free", "web"]);
  });

  it("does not keep followers of what is cancelled waiting", async () => {
    const bench = new Bench({ parallel: 1 });
    bench.offer(["busy", "db", "web"], { web: ["db"] });
    bench.queue.cancel("db", "gone");
    await bench.succeeds("busy");
    expect(bench.begun).to.deep.equal(["busy", "web"]);
  });

  it("ends what is under way when its reason is gone, without another try", async () => {
    const bench = new Bench();
    bench.offer(["a"]);
    bench.queue.cancel("a", "its node is back");
    expect(bench.signal("a").reason).to.have.property("message", "its node is back");
    await bench.fails("a");
    await bench.time.pass(60_000);
    expect(bench.begun).to.deep.equal(["a"]);
    expect(bench.reports).to.deep.equal([]);
    expect(bench.queue.isBusy("a")).to.equal(false);
  });

  it("starts over with work of another kind", async () => {
    const bench = new Bench();
    bench.offer(["a"]);
    await bench.fails("a");
    bench.offer(["a"], {}, "duplicate");
    expect(bench.begun).to.deep.equal(["a", "a"]);
    expect(bench.queue.state("a")).to.include({ kind: "duplicate", attempts: 0 });
  });

  it("does not spin when what succeeded did not help", async () => {
    const bench = new Bench();
    bench.offer(["a"]);
    await bench.succeeds("a");
    bench.offer(["a"]);
    expect(bench.begun).to.deep.equal(["a"]);
    await bench.time.pass(1_000);
    await bench.succeeds("a");
    bench.offer(["a"]);
    await bench.time.pass(1_999);
    expect(bench.begun).to.deep.equal(["a", "a"]);
    await bench.time.pass(1);
    expect(bench.begun).to.deep.equal(["a", "a", "a"]);
  });

  it("begins at once with what had nothing to do the last time", async () => {
    const bench = new Bench();
    bench.offer(["a"]);
    await bench.succeeds("a", false);
    expect(bench.done).to.deep.equal(["a: nothing to do"]);
    bench.offer(["a"]);
    expect(bench.begun).to.deep.equal(["a", "a"]);
  });

  it("tries again at once when asked to", async () => {
    const bench = new Bench();
    bench.offer(["a"]);
    await bench.fails("a");
    expect(bench.queue.retry("a")).to.equal(true);
    expect(bench.begun).to.deep.equal(["a", "a"]);
    expect(bench.queue.retry("b")).to.equal(false);
  });

  it("tries everything again soon when things look better", async () => {
    const bench = new Bench();
    bench.offer(["a", "b"]);
    for (const pauseMs of [1_000, 2_000, 4_000, 0]) {
      await bench.fails("a");
      await bench.fails("b");
      await bench.time.pass(pauseMs);
    }
    bench.begun.length = 0;
    bench.queue.retryAll(1_000);
    await bench.time.pass(1_000);
    expect(bench.begun).to.deep.equal(["a", "b"]);
  });

  it("does what is done once after what is to be retried, with its key taken", async () => {
    const bench = new Bench({ parallel: 1 });
    bench.offer(["a"]);
    const once = bench.queue.once("x", new AbortController().signal, async (signal) => {
      await bench.work("x", signal);
      return "moved";
    });
    bench.offer(["b"]);
    expect(bench.queue.isBusy("x")).to.equal(true);
    await bench.succeeds("a");
    await bench.succeeds("b");
    expect(bench.begun).to.deep.equal(["a", "b", "x"]);
    await bench.succeeds("x");
    expect(await once).to.equal("moved");
    expect(bench.queue.isBusy("x")).to.equal(false);
  });

  it("waits no longer for a turn when the caller gives up", async () => {
    const bench = new Bench({ parallel: 1 });
    bench.offer(["a"]);
    const caller = new AbortController();
    const once = bench.queue.once("x", caller.signal, () => Promise.resolve()).catch(String);
    caller.abort(new Error("deadline"));
    expect(await once).to.equal("Error: deadline");
    await bench.succeeds("a");
    expect(bench.queue.isBusy("x")).to.equal(false);
  });

  it("ends everything when it stops, and leaves no alarm behind", async () => {
    const bench = new Bench({ parallel: 1 });
    bench.offer(["a", "b"]);
    const once = bench.queue.once("x", new AbortController().signal, () => Promise.resolve()).catch(String);
    const stopped = bench.queue.stop();
    expect(bench.signal("a").aborted).to.equal(true);
    await bench.fails("a");
    await stopped;
    expect(await once).to.equal("Error: this manager does not lead any more");
    bench.offer(["c"]);
    await bench.time.pass(60_000);
    expect(bench.begun).to.deep.equal(["a"]);
    expect(bench.time.alarms).to.equal(0);
  });
});
