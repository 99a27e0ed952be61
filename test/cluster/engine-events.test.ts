import { expect } from "chai";
import { EventMonitor } from "../../src/cluster/engine-events.ts";
import type { EngineClient, EventFeed } from "../../src/docker/engine-client.ts";
import type { EngineEvent } from "../../src/docker/types.ts";
import { eventually } from "./world.ts";

const event = (Action: string, timeNano: number | bigint = 1n): EngineEvent => ({
  Type: "container",
  Action,
  timeNano,
});

/** A stream fed by hand: what is pushed is handed on at once, unless it is paused or not read yet. */
class Feed implements EventFeed {
  readonly #events: (EngineEvent | Error | undefined)[] = [];
  readonly #over: Promise<void>;
  #end: () => void = () => undefined;
  #break: (error: Error) => void = () => undefined;
  #onEvent: ((event: EngineEvent) => void) | undefined;
  isPaused = false;

  constructor(signal: AbortSignal) {
    this.#over = new Promise((resolve, reject) => ([this.#end, this.#break] = [resolve, reject]));
    signal.addEventListener("abort", () => this.#end());
  }
  /** An event, an error that breaks the stream, or its end. */
  push(...events: (EngineEvent | Error | undefined)[]): void {
    this.#events.push(...events);
    this.#flow();
  }
  read(onEvent: (event: EngineEvent) => void): Promise<void> {
    this.#onEvent = onEvent;
    this.#flow();
    return this.#over;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
    this.#flow();
  }
  #flow(): void {
    while (this.#onEvent !== undefined && !this.isPaused && this.#events.length > 0) {
      const next = this.#events.shift();
      if (next === undefined) this.#end();
      else if (next instanceof Error) this.#break(next);
      else this.#onEvent(next);
    }
  }
}

describe("cluster/engine-events", function () {
  // A loaded machine takes its time; `eventually` says what was missing before this does.
  this.timeout(20_000);

  let feeds: Feed[];
  let since: (string | undefined)[];
  let refusals: number;
  let announced: string[];
  let lost: string[];
  let restored: number;
  let ends: AbortController;
  let monitor: EventMonitor;
  let apply: (event: EngineEvent) => Promise<void> | undefined;
  let running: Promise<void>;

  beforeEach(async () => {
    [feeds, since, announced, lost, restored, refusals] = [[], [], [], [], 0, 0];
    ends = new AbortController();
    apply = () => undefined;
    const client: Pick<EngineClient, "events"> = {
      events(from, signal) {
        since.push(from);
        if (refusals-- > 0) return Promise.reject(new Error("refused"));
        const feed = new Feed(signal);
        feeds.push(feed);
        return Promise.resolve(feed);
      },
    };
    monitor = new EventMonitor(client as EngineClient, {
      apply: (each) => apply(each),
      announce: ({ Action = "" }) => void announced.push(Action),
      lost: (error) => void lost.push((error as Error).message),
      restored() {
        restored++;
      },
      random: () => 0,
    });
    running = monitor.run(await monitor.open(ends.signal), ends.signal);
  });
  afterEach(async () => {
    ends.abort();
    await running;
  });
  /** Skips pauses until so many streams were opened. */
  const opened = (count: number): Promise<void> =>
    eventually(`${count} streams`, () => {
      monitor.wake();
      return feeds.length >= count;
    });

  it("announces events in order, each when the cache has it", async () => {
    const done: (() => void)[] = [];
    apply = () => new Promise((resolve) => done.push(resolve));
    feeds[0]?.push(event("a"), event("b"), event("c"));
    await eventually("all being applied", () => done.length === 3);
    done[1]?.();
    done[2]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(announced).to.deep.equal([]);
    done[0]?.();
    await eventually("all being announced", () => announced.length === 3);
    expect(announced).to.deep.equal(["a", "b", "c"]);
  });

  it("announces an event in the turn in which it arrives when the cache has it", () => {
    feeds[0]?.push(event("a"), event("b"));
    expect(announced).to.deep.equal(["a", "b"]);
  });

  it("announces none before one that the cache must ask about, and those behind it at once then", async () => {
    let answered: (() => void) | undefined;
    apply = ({ Action }) => (Action === "asks" ? new Promise((resolve) => (answered = resolve)) : undefined);
    feeds[0]?.push(event("a"), event("asks"), event("b"), event("c"));
    expect(announced).to.deep.equal(["a"]);
    answered?.();
    await eventually("the others", () => announced.length === 4);
    feeds[0]?.push(event("d"));
    expect(announced).to.deep.equal(["a", "asks", "b", "c", "d"]);
  });

  // prettier-ignore
  const failures = [
    { it: "failed on it",         fail: () => Promise.reject(new Error("no")) },
    { it: "failed on it at once", fail: () => { throw new Error("no"); } },
  ];
  for (const { it: title, fail } of failures) {
    it(`announces an event although the cache ${title}`, async () => {
      apply = fail;
      feeds[0]?.push(event("a"));
      await eventually("it", () => announced.length === 1);
    });
  }

  it("does not read a stream further that takes the place of one whose events still wait", async () => {
    let answered: (() => void) | undefined;
    apply = () => new Promise((resolve) => (answered = resolve));
    feeds[0]?.push(...Array.from({ length: 999 }, (_, n) => event(`e${n}`, BigInt(n + 1))), undefined);
    await opened(2);
    feeds[1]?.push(event("last", 1_000n));
    expect(feeds[1]?.isPaused).to.equal(true);
    answered?.();
    expect(announced).to.deep.equal([]);
  });

  it("goes on where the stream broke, and announces nothing twice", async () => {
    feeds[0]?.push(
      event("a", 1_700_000_000_000_000_001n),
      event("b", 1_700_000_000_000_000_002n),
      new Error("reset"),
    );
    await opened(2);
    feeds[1]?.push(event("b", 1_700_000_000_000_000_002n), event("c", 1_700_000_000_000_000_003n));
    await eventually("the new one", () => announced.length === 3);
    expect(announced).to.deep.equal(["a", "b", "c"]);
    expect(since).to.deep.equal([undefined, "1700000000.000000002"]);
    expect([lost, restored]).to.deep.equal([["reset"], 1]);
  });

  it("asks since the newest event, whatever their order", async () => {
    feeds[0]?.push(event("new", 5_000_000_007n), event("old", 3n), undefined);
    await opened(2);
    expect(since[1]).to.equal("5.000000007");
  });

  it("asks since the connection when the stream breaks before its first event of a later time", async () => {
    monitor.startsAt(1_700_000_000_250);
    feeds[0]?.push(event("old", 1_700_000_000_000_000_000n), undefined);
    await opened(2);
    expect(since[1]).to.equal("1700000000.250000000");
  });

  // prettier-ignore
  const odd = [
    { it: "a fraction",        given: { timeNano: 7_000_000_000.5 }, since: "7.000000000" },
    { it: "seconds alone",     given: { time: 7 },                   since: "7.000000000" },
    { it: "no time",           given: {},                            since: undefined },
    { it: "no clock's time",   given: { time: 1e300 },               since: undefined },
  ];
  for (const { it: title, given, since: from } of odd) {
    it(`takes ${title} for a time`, async () => {
      feeds[0]?.push({ Type: "x", Action: "a", ...given }, undefined);
      await opened(2);
      expect(since[1]).to.equal(from);
    });
  }

  it("tells of an outage once, however often it tries", async () => {
    refusals = 3;
    feeds[0]?.push(undefined);
    await opened(2);
    expect([lost, restored, since.length]).to.deep.equal([["the engine ended the stream"], 1, 5]);
  });

  it("takes a stream that breaks at once for the same outage", async () => {
    for (let n = 0; n < 4; n++) {
      feeds[n]?.push(undefined);
      await opened(n + 2);
    }
    expect([lost.length, restored]).to.deep.equal([1, 4]);
  });

  it("reads no further while a thousand events wait", async () => {
    let waiting = 0;
    const done: (() => void)[] = [];
    apply = () => {
      waiting++;
      return new Promise((resolve) => done.push(resolve));
    };
    feeds[0]?.push(...Array.from({ length: 1_500 }, (_, n) => event(`e${n}`, BigInt(n + 1))));
    await eventually("a thousand", () => waiting === 1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).to.equal(1_000);
    apply = () => undefined;
    expect(feeds[0]?.isPaused).to.equal(true);
    for (const end of done.splice(1)) end();
    await new Promise((resolve) => setImmediate(resolve));
    expect([announced.length, feeds[0]?.isPaused], "not while one waits").to.deep.equal([0, true]);
    done[0]?.();
    await eventually("all of them", () => announced.length === 1_500);
  });

  it("ends with the signal, also in the middle of a pause", async () => {
    refusals = Infinity;
    feeds[0]?.push(undefined);
    await eventually("an attempt", () => since.length > 1);
    ends.abort();
    await running;
  });
});
