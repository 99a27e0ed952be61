import { expect } from "chai";
import { coalesced, coalescedByKey } from "../../src/cluster/coalesced.ts";
import { forEachLimited } from "../../src/cluster/for-each-limited.ts";
import { limited } from "../../src/cluster/limited.ts";
import { Sleeper } from "../../src/cluster/sleeper.ts";
import { within } from "../../src/cluster/within.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work that goes on until told to end. */
class Work {
  running = 0;
  most = 0;
  started = 0;
  readonly #ends: ((error?: Error) => void)[] = [];

  readonly run = (): Promise<void> => {
    this.started++;
    this.most = Math.max(this.most, ++this.running);
    return new Promise<void>((resolve, reject) => {
      this.#ends.push((error) => {
        this.running--;
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  };
  /** Ends the oldest. */
  async end(error?: Error): Promise<void> {
    this.#ends.shift()?.(error);
    await turn();
  }
}

describe("cluster: waiting", () => {
  let work: Work;
  beforeEach(() => (work = new Work()));

  describe("coalesced", () => {
    it("runs at once, and once more for all who ask meanwhile", async () => {
      const ask = coalesced(work.run);
      const done: string[] = [];
      const track = (name: string) => void ask().then(() => done.push(name));
      for (const name of ["a", "b", "c"]) track(name);
      expect(work.started).to.equal(1);
      await work.end();
      expect([work.started, done]).to.deep.equal([2, ["a"]]);
      track("d");
      await work.end();
      expect([work.started, done]).to.deep.equal([3, ["a", "b", "c"]]);
      await work.end();
      expect([work.started, done]).to.deep.equal([3, ["a", "b", "c", "d"]]);
    });

    it("runs again after a failure, which is told to those it concerns", async () => {
      const ask = coalesced(work.run);
      const first = ask().catch((error: unknown) => (error as Error).message);
      const second = ask();
      await work.end(new Error("no"));
      expect(await first).to.equal("no");
      await work.end();
      await second;
    });

    it("does not wait for other keys, and keeps nothing of a key at rest", async () => {
      const asked: string[] = [];
      const ask = coalescedByKey((key: string) => {
        asked.push(key);
        return work.run();
      });
      const all = Promise.all([ask("a"), ask("a"), ask("b")]);
      expect(asked).to.deep.equal(["a", "b"]);
      for (let n = 0; n < 3; n++) await work.end();
      await all;
      expect(asked).to.deep.equal(["a", "b", "a"]);
    });
  });

  describe("limited", () => {
    it("lets only so many run, in the order of asking", async () => {
      const inTurn = limited(2);
      const all = Promise.all(Array.from({ length: 5 }, () => inTurn(work.run)));
      for (let n = 0; n < 5; n++) {
        await turn();
        expect(work.running).to.be.at.most(2);
        await work.end();
      }
      await all;
      expect([work.started, work.most]).to.deep.equal([5, 2]);
    });

    it("gives the place on after a failure, also one thrown at once", async () => {
      const inTurn = limited(1);
      const fails = (): Promise<void> => {
        throw new Error("no");
      };
      const outcomes = await Promise.allSettled([
        inTurn(fails),
        inTurn(fails),
        inTurn(() => Promise.resolve()),
      ]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["rejected", "rejected", "fulfilled"]);
    });
  });

  describe("forEachLimited", () => {
    it("works on every item, so many at a time", async () => {
      const done: number[] = [];
      const all = forEachLimited([1, 2, 3, 4, 5], 2, async (n) => {
        await work.run();
        done.push(n);
      });
      for (let n = 0; n < 5; n++) await work.end();
      await all;
      expect([done, work.most]).to.deep.equal([[1, 2, 3, 4, 5], 2]);
    });

    it("throws the first failure when all that started have ended, and starts no more", async () => {
      const all = forEachLimited([1, 2, 3, 4], 2, work.run).catch((error: unknown) => error);
      await work.end(new Error("first"));
      expect([work.started, work.running]).to.deep.equal([2, 1]);
      await work.end(new Error("second"));
      expect(await all).to.have.property("message", "first");
      expect(work.started).to.equal(2);
    });
  });

  describe("sleeper", () => {
    const FOR_EVER = 2 ** 30;

    it("ends a pause when woken", async () => {
      const sleeper = new Sleeper();
      const pause = sleeper.sleep(FOR_EVER, new AbortController().signal);
      sleeper.wake();
      await pause;
    });

    it("skips the next pause, and only that, when woken while busy", async () => {
      const sleeper = new Sleeper();
      const { signal } = new AbortController();
      sleeper.wake();
      sleeper.wake();
      await sleeper.sleep(FOR_EVER, signal);
      let over = false;
      const pause = sleeper.sleep(FOR_EVER, signal).then(() => (over = true));
      await turn();
      expect(over).to.equal(false);
      sleeper.wake();
      await pause;
    });

    it("ends with the signal, at once when it is aborted already", async () => {
      const sleeper = new Sleeper();
      const ends = new AbortController();
      const pause = sleeper.sleep(FOR_EVER, ends.signal);
      ends.abort();
      await pause;
      await sleeper.sleep(FOR_EVER, ends.signal);
    });
  });

  describe("within", () => {
    const never = new Promise<never>(() => undefined);
    const message = (promise: Promise<unknown>) =>
      promise.catch((error: unknown) => (error as Error).message);

    it("answers what the promise answers", async () => {
      const { signal } = new AbortController();
      expect(await within("it", Promise.resolve(5), { ms: 1_000, signal })).to.equal(5);
      expect(await message(within("it", Promise.reject(new Error("no")), { signal }))).to.equal("no");
    });

    it("gives up when the time is over", async () => {
      const { signal } = new AbortController();
      expect(await message(within("it", never, { ms: 1, signal }))).to.equal("it: no answer in time");
    });

    it("gives up with the signal", async () => {
      const ends = new AbortController();
      const waiting = message(within("it", never, { signal: ends.signal }));
      ends.abort();
      expect(await waiting).to.equal("it: given up");
      expect(await message(within("it", never, { signal: ends.signal }))).to.equal("it: given up");
    });
  });
});
