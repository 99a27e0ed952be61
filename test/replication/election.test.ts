import { expect } from "chai";
import { Election, keeperWords, type ElectionOptions } from "../../src/replication/election.ts";
import { LEADER_KEY, TERM_KEY } from "../../src/replication/keys.ts";
import type { Term } from "../../src/replication/leadership.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { FakeClock, FakeLock, LockingStore, memoryStore, readableLog, settle, until } from "./support.ts";

const [acquired, lost] = [
  "info Leader Election: Cluster leadership acquired",
  "info Leader Election: Cluster leadership lost",
];

describe("replication/election", () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** One manager that stands for election, over a store whose lock the test gives. */
  function standing(options: Partial<ElectionOptions> = {}) {
    const { log, lines } = readableLog();
    const store = new LockingStore();
    const clock = new FakeClock();
    const election = new Election({
      store,
      key: LEADER_KEY,
      value: "a:1",
      ttlMs: 4_000,
      takeOverMs: 0,
      log,
      clock,
      ...options,
    });
    const stop = new AbortController();
    const running = election.run(stop.signal);
    ends.push(async () => {
      await election[Symbol.asyncDispose]();
      await store.close();
    });
    const begun = async () => {
      await until("a term begins", () => election.term !== undefined);
      return election.term!;
    };
    return { election, store, clock, lines, stop, running, begun };
  }

  it("asks for the lock with its address and its TTL", () => {
    const { store } = standing();
    expect(store.asked.map(({ key, value, options }) => [key, value, options.ttlMs])).to.deep.equal([
      [LEADER_KEY, "a:1", 4_000],
    ]);
  });

  // prettier-ignore
  const ttls = [
    { it: "shorter than any store keeps one", ttlMs: 10,            asks: 1_000 },
    { it: "longer than any store keeps one",  ttlMs: 2 ** 31 - 1,   asks: 86_400_000 },
  ];
  for (const c of ttls) {
    it(`asks for what stores take when the TTL is ${c.it}`, () => {
      expect(standing({ ttlMs: c.ttlMs }).store.asked[0]?.options.ttlMs).to.equal(c.asks);
    });
  }

  it("leads from the lock to its loss, and says so in the words of the original", async () => {
    const { election, store, clock, lines, begun } = standing();
    expect([election.term, lines]).to.deep.equal([undefined, [lost]]);
    const lock = await store.give(new FakeLock(4_000));
    const term = await begun();
    expect([term.number, term.sinceMs, term.held(), term.lost.aborted]).to.deep.equal([
      1,
      clock.unixMs(),
      true,
      false,
    ]);
    expect(lines).to.deep.equal([lost, acquired]);
    lock.lose();
    expect([election.term, term.held(), term.lost.aborted]).to.deep.equal([undefined, false, true]);
    expect(lines).to.deep.equal([lost, acquired, lost]);
  });

  it("is over for whoever asks as soon as the lock is, though nobody could be told in time", async () => {
    const { election, store, begun, lines } = standing();
    const lock = await store.give(new FakeLock(4_000));
    const term = await begun();
    lock.isOver = true; // the process stood still: no timer fired, nothing was announced
    expect(election.term).to.equal(undefined);
    expect([term.held(), term.lost.aborted, lines.at(-1)]).to.deep.equal([false, true, lost]);
  });

  it("is over when the machine was suspended, for the clock of the lock stood still too; and gives the lock back", async () => {
    const { election, store, clock, begun, lines } = standing();
    const lock = await store.give(new FakeLock(4_000));
    const term = await begun();
    clock.suspend(400); // the clock may be set right by that much
    clock.advance(3_000);
    clock.suspend(-60_000);
    expect([term.held(), lock.releases]).to.deep.equal([true, 0]);
    clock.suspend(401);
    expect([term.held(), election.term, lines.at(-1)]).to.deep.equal([false, undefined, lost]);
    expect((term.lost.reason as Error).message).to.equal("the machine was suspended");
    await until("it waits", () => clock.pauses.length > 0);
    expect(lock.releases).to.equal(1);
  });

  it("has ended for everybody before anybody hears of it", async () => {
    const { election, store, begun } = standing();
    const lock = await store.give(new FakeLock(4_000));
    const term = await begun();
    const seen: unknown[] = [];
    term.lost.addEventListener("abort", () => seen.push(election.term, term.held()));
    lock.lose();
    expect(seen).to.deep.equal([undefined, false]);
  });

  it("stands again, later each time, and soon again after a term that lasted", async () => {
    const { store, clock, begun } = standing();
    const waits: number[] = [];
    for (const reignMs of [0, 0, 0, 0, 0, 5_000]) {
      const lock = await store.give(new FakeLock(4_000));
      await begun();
      clock.advance(reignMs);
      lock.lose();
      await until("it waits", () => clock.pauses.length > 0);
      waits.push(clock.pauses[0]!.ms);
      clock.advance(5_000);
    }
    expect(waits).to.deep.equal([500, 1_000, 2_000, 4_000, 5_000, 500]);
  });

  it("begins its first term at once, and one that follows another a moment later, unless the lock is gone by then", async () => {
    const { store, clock, begun, election } = standing({ takeOverMs: 300 });
    (await store.give(new FakeLock(4_000))).lose();
    await until("it waits to stand again", () => clock.pauses.length > 0);
    clock.advance(5_000);
    const gone = await store.give(new FakeLock(4_000));
    await until("it waits to lead", () => clock.pauses.some(({ ms }) => ms === 300));
    expect(election.term).to.equal(undefined);
    gone.lose();
    await until("it waits to stand again", () => clock.pauses.some(({ ms }) => ms !== 300));
    clock.advance(5_000);
    await store.give(new FakeLock(4_000));
    await until("it waits to lead", () => clock.pauses.some(({ ms }) => ms === 300));
    clock.advance(300);
    expect((await begun()).number).to.be.greaterThan(1);
  });

  it("passes on a doubt about the lock it leads with", async () => {
    const { store, begun, election } = standing();
    election.doubt();
    const lock = await store.give(new FakeLock(4_000));
    await begun();
    election.doubt();
    expect(lock.doubts).to.equal(1);
  });

  it("numbers its terms on, and gives back every lock it had", async () => {
    const { store, clock, begun } = standing();
    const numbers: number[] = [];
    const locks: FakeLock[] = [];
    for (let round = 0; round < 3; round++) {
      const lock = await store.give(new FakeLock(4_000));
      numbers.push((await begun()).number);
      locks.push(lock);
      lock.lose();
      await until("it waits", () => clock.pauses.length > 0);
      clock.advance(5_000);
    }
    expect(numbers).to.deep.equal([1, 2, 3]);
    expect(locks.map(({ releases }) => releases)).to.deep.equal([1, 1, 1]);
    expect((await store.get(TERM_KEY))?.value).to.equal("3");
  });

  // prettier-ignore
  const endings = [
    { it: "its signal",   end: (s: ReturnType<typeof standing>) => s.stop.abort() },
    { it: "its disposal", end: (s: ReturnType<typeof standing>) => void s.election[Symbol.asyncDispose]() },
  ];
  for (const { it: how, end } of endings) {
    it(`gives the lock up at once with ${how}, and ends`, async () => {
      const standings = standing();
      const { store, election, running, begun, lines } = standings;
      const lock = await store.give(new FakeLock(4_000));
      const term = await begun();
      end(standings);
      expect([term.held(), term.lost.aborted, election.term]).to.deep.equal([false, true, undefined]);
      await running;
      expect([lock.releases, lines.at(-1), store.asked.length]).to.deep.equal([1, lost, 1]);
    });
  }

  it("ends while it waits for the lock", async () => {
    const { running, stop, lines } = standing();
    stop.abort();
    await running;
    expect(lines).to.deep.equal([lost]);
  });

  it("begins no term with a lock that was lost before it was used", async () => {
    const { store, clock, election, lines } = standing();
    const lock = new FakeLock(4_000);
    lock.lose();
    await store.give(lock);
    await until("it waits", () => clock.pauses.length > 0);
    expect([election.term, lines, lock.releases]).to.deep.equal([undefined, [lost], 1]);
  });

  it("tells every term to its listeners, the present one at once, and none after their end", async () => {
    const { election, store, clock, begun } = standing();
    const heard: string[] = [];
    const end = election.onTerm(({ number }) => heard.push(`early ${number}`));
    const lock = await store.give(new FakeLock(4_000));
    await begun();
    election.onTerm(({ number }) => heard.push(`late ${number}`));
    end();
    lock.lose();
    await until("it waits", () => clock.pauses.length > 0);
    clock.advance(500);
    await store.give(new FakeLock(4_000));
    await begun();
    expect(heard).to.deep.equal(["early 1", "late 1", "late 2"]);
  });

  it("leads although a listener throws, and tells the others", async () => {
    const { election, store, lines, begun } = standing();
    const heard: Term[] = [];
    election.onTerm(() => {
      throw new Error("a bug");
    });
    election.onTerm((term) => heard.push(term));
    await store.give(new FakeLock(4_000));
    const term = await begun();
    expect([heard, term.held()]).to.deep.equal([[term], true]);
    expect(lines).to.include("error a listener to the beginning of a term failed");
  });

  it("says once a minute why the store gives no lock, and forgets it when it does", async () => {
    const { election, store, clock, lines } = standing();
    const { onError } = store.asked[0]!.options;
    for (let time = 0; time < 3; time++) onError?.(new StoreError("unreachable", "no answer"));
    expect(election.error).to.equal("no answer");
    clock.advance(60_000);
    expect(election.error).to.equal("");
    onError?.(new StoreError("unreachable", "no answer"));
    const told = "error the store cannot be asked for the lock: standing for election goes on";
    expect(lines).to.deep.equal([lost, told, told]);
    await store.give(new FakeLock(4_000));
    await until("it leads", () => election.term !== undefined);
    expect(election.error).to.equal("");
  });

  it("goes on after a refusal, and ends with its store", async () => {
    const { store, clock, running, lines } = standing();
    await store.give(new StoreError("auth", "not for you"));
    await until("it waits", () => clock.pauses.length > 0);
    expect(lines.at(-1)).to.equal(
      "error the store cannot be asked for the lock: standing for election goes on",
    );
    clock.advance(500);
    await store.give(new StoreError("closed", "closed"));
    await running;
    expect(store.asked).to.have.length(2);
  });

  it("warns once when the store keeps the lock for longer than asked for", async () => {
    const { election, store, clock, lines, begun } = standing();
    expect(election.ttlMs).to.equal(4_000);
    for (let round = 0; round < 2; round++) {
      const lock = await store.give(new FakeLock(20_000));
      await begun();
      lock.lose();
      await until("it waits", () => clock.pauses.length > 0);
      clock.advance(5_000);
    }
    expect(election.ttlMs).to.equal(20_000);
    expect(lines.filter((line) => line.startsWith("warn"))).to.deep.equal([
      "warn the store keeps the lock longer than --replication-ttl: after the death of the primary others wait for that long",
    ]);
  });

  it("of the keeper says nothing that tools take for the primary's", async () => {
    const { store, lines, begun } = standing({ words: keeperWords });
    const lock = await store.give(new FakeLock(30_000));
    await begun();
    lock.lose();
    expect(lines).to.deep.equal([
      "info this manager keeps containers where they are wanted",
      "info this manager no longer keeps containers where they are wanted",
    ]);
  });

  describe("between managers", () => {
    /** Two that share a store; each notes when it begins to lead whether the other one still did. */
    function rivals() {
      const first = memoryStore();
      const second = memoryStore(first.tree);
      const clashes: boolean[] = [];
      const elections = [first, second].map(({ store }, index) => {
        const { log, lines } = readableLog();
        const clock = new FakeClock();
        const election = new Election({
          store,
          key: LEADER_KEY,
          value: `manager-${index}:1`,
          ttlMs: 4_000,
          takeOverMs: 0,
          log,
          clock,
        });
        ends.push(async () => {
          await election[Symbol.asyncDispose]();
          await store.close();
        });
        return { election, lines, clock };
      });
      const [a, b] = elections as [(typeof elections)[0], (typeof elections)[0]];
      for (const [mine, other] of [[a, b] as const, [b, a] as const]) {
        mine.election.onTerm(() => clashes.push(other.election.term !== undefined));
      }
      const never = new AbortController().signal;
      const start = (each: typeof a) => void each.election.run(never);
      const leads = async ({ election }: typeof a) =>
        await until("it leads", () => election.term !== undefined);
      return { a, b, first, second, clashes, start, leads };
    }

    it("one leads; when it stops, the other does at once, with the next number", async () => {
      const { a, b, clashes, start, leads } = rivals();
      start(a);
      await leads(a);
      start(b);
      await settle();
      expect([a.election.term?.number, b.election.term]).to.deep.equal([1, undefined]);
      await a.election[Symbol.asyncDispose]();
      await leads(b);
      expect([b.election.term?.number, clashes]).to.deep.equal([2, [false, false]]);
    });

    it("one that stood still past its lease has stepped down when the other leads, and does not know otherwise", async () => {
      const { a, b, first, clashes, start, leads } = rivals();
      start(a);
      await leads(a);
      start(b);
      const { term } = a.election;
      first.backend.break(); // it does not reach the store either
      first.time.nowMs += 0.9 * 4_000;
      await first.tree.delete(LEADER_KEY); // by now the store may give the lock away
      await leads(b);
      expect([term?.held(), a.election.term, clashes]).to.deep.equal([false, undefined, [false, false]]);
      expect(a.lines.filter((line) => line === lost)).to.have.length(2);
    });

    it("one that lost its lease stands again, and leads with the next number", async () => {
      const { a, first, start, leads } = rivals();
      start(a);
      await leads(a);
      const { term } = a.election;
      first.time.nowMs += 0.9 * 4_000;
      expect(term?.held()).to.equal(false);
      await until("it waits", () => a.clock.pauses.length > 0);
      a.clock.advance(500);
      await leads(a);
      expect(a.election.term?.number).to.equal(2);
    });
  });
});
