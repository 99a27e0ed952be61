import { expect } from "chai";
import type { Holding } from "../../src/store/backend.ts";
import { HeldLock } from "../../src/store/held-lock.ts";
import { until } from "../live/store/under-test.ts";

/** A lock of 400 ms in a store that answers as it is told. */
function hold(renew: Holding["renew"], now = () => performance.now(), more: Partial<Holding> = {}) {
  let released = 0;
  const holding: Holding = {
    ttlMs: 400,
    renew,
    release: () => {
      released++;
      return Promise.resolve();
    },
    ...more,
  };
  const ended: HeldLock[] = [];
  const options = { name: "test", sentAt: now(), callTimeoutMs: 1000, now };
  const lock = new HeldLock(holding, { ...options, onEnd: (which) => ended.push(which) });
  return { lock, ended, releases: () => released };
}

describe("store/held-lock", () => {
  it("is kept while renewals succeed, also when some fail", async () => {
    let calls = 0;
    const begin = performance.now();
    const { lock } = hold(() => {
      calls++;
      return calls % 2 === 1 ? Promise.reject(new Error("no answer")) : Promise.resolve(true);
    });
    await until("three times its life", () => performance.now() - begin > 1000);
    expect([lock.held(), lock.lost.aborted]).to.deep.equal([true, false]);
    await lock.release();
  });

  it("is lost before its time is over when no renewal succeeds, and is given back", async () => {
    const begin = performance.now();
    // Long enough for a busy machine to be late by less than what is left of it.
    const long = { ttlMs: 1_600 };
    const { lock, ended, releases } = hold(() => Promise.reject(new Error("no answer")), undefined, long);
    await new Promise((resolve) => lock.lost.addEventListener("abort", resolve));
    expect(performance.now() - begin).to.be.within(1_400, 1_599.9);
    expect((lock.lost.reason as Error).message).to.equal("the lock of test was not renewed in time");
    expect([lock.held(), ended.length, releases()]).to.deep.equal([false, 1, 1]);
    await lock.release();
    expect(releases()).to.equal(1);
  });

  it("asks at once when somebody doubts it, and is lost when the store says so", async () => {
    let ours = true;
    let calls = 0;
    // By itself it would ask after three hours.
    const hours = { ttlMs: 10 * 3_600_000 };
    const { lock } = hold(
      () => {
        calls++;
        return Promise.resolve(ours);
      },
      undefined,
      hours,
    );
    lock.doubt();
    await until("it has asked", () => calls === 1);
    expect(lock.held()).to.equal(true);
    ours = false;
    lock.doubt();
    await until("it is lost", () => lock.lost.aborted);
  });

  it("is lost as well when a renewal is never answered", async () => {
    const { lock } = hold(() => new Promise(() => undefined));
    await until("the lock is lost", () => lock.lost.aborted);
  });

  it("is kept when one renewal is never answered, for there is time to ask again", async () => {
    let calls = 0;
    const { lock } = hold(() => (++calls === 1 ? new Promise(() => undefined) : Promise.resolve(true)));
    await until("it is renewed twice after that, or lost", () => calls > 2 || lock.lost.aborted);
    expect(lock.held()).to.equal(true);
    await lock.release();
  });

  it("tells when others have it after our death: with its life, or later where the store says so", async () => {
    const kept = () => Promise.resolve(true);
    const locks = [hold(kept).lock, hold(kept, undefined, { freeWithinMs: 800 }).lock];
    expect(locks.map(({ freeWithinMs }) => freeWithinMs)).to.deep.equal([400, 800]);
    for (const lock of locks) await lock.release();
  });

  it("is lost at once when the store says so", async () => {
    const { lock } = hold(() => Promise.resolve(false));
    await until("the lock is lost", () => lock.lost.aborted);
    expect((lock.lost.reason as Error).message).to.include("is gone from the store");
  });

  it("is not held any more when the process stood still, whatever timers and answers come later", () => {
    let standstill = 0;
    const { lock } = hold(
      () => Promise.resolve(true),
      () => performance.now() + standstill,
    );
    expect(lock.held()).to.equal(true);
    standstill = 800;
    expect([lock.held(), lock.lost.aborted]).to.deep.equal([false, true]);
    standstill = 0;
    expect(lock.held()).to.equal(false);
  });
});
