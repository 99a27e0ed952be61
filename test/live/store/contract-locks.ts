import { expect } from "chai";
import type { Open } from "./contract.ts";
import { rejection, until, Watched } from "./under-test.ts";
import type { StoreUnderTest } from "./under-test.ts";

export function followLocks(given: () => StoreUnderTest, open: Open, prefix: () => string): void {
  it("a lock has one holder, whose value all see, and goes to the next when it is released", async () => {
    const [a, b, reader] = [await open(), await open(), await open()];
    const options = { ttlMs: given().lockTtlMs };
    const watched = new Watched(reader, { lock: "leader" });
    await watched.sees([]);
    const first = await a.lock("leader", "a:1", options);
    expect(first.held()).to.equal(true);
    await watched.sees(["a:1"]);
    let second: Awaited<ReturnType<typeof b.lock>> | undefined;
    const waiting = b.lock("leader", "b:1", options).then((lock) => (second = lock));
    // Longer than the lock lasts without renewal: it is kept, and the other one waits.
    const begin = performance.now();
    await until("the lock would have ended by now", () => {
      expect(first.held() && second === undefined).to.equal(true);
      return performance.now() - begin > options.ttlMs * 1.2;
    });
    expect((await reader.get("leader"))?.value).to.equal("a:1");
    await first.release();
    expect([first.lost.aborted, first.held()]).to.deep.equal([true, false]);
    await waiting;
    expect(second?.held()).to.equal(true);
    await watched.sees(["b:1"]);
    const before = watched.updates.length;
    await b.close();
    await watched.sees([], before);
    await watched.stop();
  });

  it("of many who want a lock at once, one holds it at a time and all get their turn", async () => {
    const stores = [await open(), await open(), await open()];
    let holders = 0;
    const turns: string[] = [];
    await Promise.all(
      stores.map(async (store, index) => {
        const lock = await store.lock("turn", `store ${String(index)}`, { ttlMs: given().lockTtlMs });
        holders++;
        turns.push((await store.get("turn"))?.value ?? "nobody");
        expect([holders, lock.held()]).to.deep.equal([1, true]);
        holders--;
        await lock.release();
      }),
    );
    expect(turns.sort()).to.deep.equal(["store 0", "store 1", "store 2"]);
  });

  it("waiting for a lock ends with its signal and with its store", async () => {
    const [a, b] = [await open(), await open()];
    await using _held = await a.lock("leader", "a", { ttlMs: given().lockTtlMs });
    const stop = new AbortController();
    const [first, second] = [
      b
        .lock("leader", "b", { ttlMs: given().lockTtlMs, signal: stop.signal })
        .catch((error: unknown) => error),
      rejection(b.lock("leader", "b", { ttlMs: given().lockTtlMs })),
    ];
    stop.abort(new Error("no longer wanted"));
    expect(await first).to.have.property("message", "no longer wanted");
    await b.close();
    expect((await second).kind).to.equal("closed");
    expect((await rejection(b.get("leader"))).kind).to.equal("closed");
  });

  it("the holder hears of it when somebody takes the lock away by hand", async () => {
    const [a, b] = [await open(), await open()];
    const lock = await a.lock("leader", "a", { ttlMs: given().lockTtlMs });
    const { breakLock } = given();
    await (breakLock === undefined ? b.delete("leader") : breakLock(prefix(), "leader"));
    await until("the lock is lost", () => lock.lost.aborted);
    await (await b.lock("leader", "b", { ttlMs: given().lockTtlMs })).release();
  });
}
