import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Store, StoreUnderTest } from "./under-test.ts";
import { maxValueBytes } from "../../../src/store/store.ts";
import { followLocks } from "./contract-locks.ts";
import { survivesFaults } from "./contract-faults.ts";
import { followWatches } from "./contract-watches.ts";
import { rejection, until } from "./under-test.ts";

/**
 * What every kind of store does, proven on the real thing. `make` starts it once; each test works under a prefix of its
 * own and closes the clients it opened.
 */
export function itBehavesLikeAStore(
  name: string,
  options: { readonly server: boolean },
  make: () => Promise<StoreUnderTest>,
): void {
  describe(name, function () {
    this.timeout(60_000);
    let subject: StoreUnderTest | undefined;
    let prefix: string;
    const opened: Store[] = [];
    const given = () => subject!;
    const open: Open = async (where = {}) => {
      const store = await given().open({ prefix: where.prefix ?? prefix, address: where.address });
      opened.push(store);
      return store;
    };
    before(async () => (subject = await make()));
    beforeEach(() => (prefix = `test/${randomUUID().slice(0, 8)}`));
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });
    after(async () => await subject?.dispose());

    keepsEntries(open);
    comparesAndSets(open);
    forgetsInTime(given, open);
    followWatches(open);
    followLocks(given, open, () => prefix);
    if (options.server) describe("on a server that may fail", () => survivesFaults(given, open));
  });
}

/** Opens a client of the store under test, under the prefix of the running test unless it is told another. */
export type Open = (options?: { readonly prefix?: string; readonly address?: string }) => Promise<Store>;

function keepsEntries(open: Open): void {
  it("keeps what is put, replaces it and deletes it", async () => {
    const store = await open();
    expect(await store.get("a/b")).to.equal(undefined);
    const first = await store.put("a/b", "one");
    expect(await store.get("a/b")).to.deep.equal({ key: "a/b", value: "one", revision: first });
    const second = await store.put("a/b", "two");
    expect(second).not.to.equal(first);
    expect(await (await open()).get("a/b")).to.deep.equal({ key: "a/b", value: "two", revision: second });
    expect(await store.delete("a/b")).to.equal(true);
    expect(await store.delete("a/b")).to.equal(false);
    expect(await store.get("a/b")).to.equal(undefined);
  });

  it("takes keys and values with any characters", async () => {
    const store = await open();
    for (const key of ["nodes/[::1]:2375", "nodes/a b?c#d%2Fe&f=g+h", "nodes/ü€", 'nodes/"q\\']) {
      const value = `${key}\n\t"\\ ü€😀 %20&=+`;
      const revision = await store.put(key, value);
      expect(await store.get(key)).to.deep.equal({ key, value, revision });
      expect(await store.list({ folder: "nodes" })).to.deep.equal([{ key, value, revision }]);
      expect(await store.delete(key)).to.equal(true);
    }
  });

  it("lists a folder: everything below it, in order, and nothing beside it", async () => {
    const store = await open();
    expect(await store.list({ folder: "nodes" })).to.deep.equal([]);
    for (const key of ["nodes/b", "nodes/a", "nodes/deep/er", "nodes-old/x", "leader"]) {
      await store.put(key, `value of ${key}`);
    }
    const entries = await store.list({ folder: "nodes" });
    expect(entries.map(({ key }) => key)).to.deep.equal(["nodes/a", "nodes/b", "nodes/deep/er"]);
    expect(entries[0]).to.deep.equal(await store.get("nodes/a"));
    expect((await store.list({ folder: "" })).length).to.equal(5);
    expect(await store.list({ key: "leader" })).to.have.length(1);
    expect(await store.list({ key: "nobody" })).to.deep.equal([]);
  });

  it("takes the largest value there may be and refuses what is beyond the limits", async () => {
    const store = await open();
    const large = "ü".repeat(maxValueBytes / 2);
    await store.put("large", large);
    expect((await store.get("large"))?.value === large).to.equal(true);
    expect((await rejection(store.put("large", `${large}x`))).kind).to.equal("too-large");
    expect((await rejection(store.put("k".repeat(513), "x"))).kind).to.equal("too-large");
    expect((await rejection(store.put("empty", ""))).kind).to.equal("invalid");
    for (const key of ["", "/a", "a//b", "a/../b", "a/", "a\u0000b"]) {
      expect((await rejection(store.get(key))).kind, JSON.stringify(key)).to.equal("invalid");
    }
  });
}

function comparesAndSets(open: Open): void {
  it("writes and deletes only under the given condition", async () => {
    const store = await open();
    const first = await store.put("k", "one", { when: "absent" });
    expect((await rejection(store.put("k", "other", { when: "absent" }))).kind).to.equal("conflict");
    const second = await store.put("k", "two", { when: { revision: first } });
    const stale = { when: { revision: first } };
    expect((await rejection(store.put("k", "other", stale))).kind).to.equal("conflict");
    expect((await rejection(store.delete("k", stale))).kind).to.equal("conflict");
    expect((await store.get("k"))?.value).to.equal("two");
    expect(await store.delete("k", { when: { revision: second } })).to.equal(true);
    expect((await rejection(store.put("k", "x", { when: { revision: second } }))).kind).to.equal("conflict");
    await store.put("k", "again", { when: "absent" });
    expect((await rejection(store.put("k", "x", { when: { revision: first } }))).kind).to.equal("conflict");
  });

  it("loses no update when two clients count together", async () => {
    const clients = [await open(), await open()];
    let conflicts = 0;
    const count = async (store: Store) => {
      for (let done = 0; done < 15;) {
        const entry = await store.get("counter");
        const when = entry === undefined ? "absent" : { revision: entry.revision };
        try {
          await store.put("counter", String(Number(entry?.value ?? 0) + 1), { when });
          done++;
        } catch (error) {
          expect(error).to.have.property("kind", "conflict");
          conflicts++;
        }
      }
    };
    await Promise.all(clients.map(count));
    expect((await clients[0]!.get("counter"))?.value).to.equal("30");
    expect(conflicts, "they never met: no race was tested").to.be.greaterThan(0);
  });
}

function forgetsInTime(given: () => StoreUnderTest, open: Open): void {
  it("forgets an entry after its time, keeps one put again, and one put without an end", async () => {
    const [store, other] = [await open(), await open()];
    const { ttlMs } = given();
    const begin = performance.now(); // a life begins while it is written, and writing takes its time
    await store.put("short", "x", { ttlMs });
    await store.put("again", "x", { ttlMs });
    await store.put("lasting", "x", { ttlMs });
    await store.put("lasting", "y");
    await store.put("moved", "x", { ttlMs });
    await other.put("moved", "y", { ttlMs }); // by another process, as after a restart
    let refreshed = performance.now();
    await until("the entry is gone", async () => {
      if (performance.now() - refreshed > ttlMs / 5) {
        refreshed = performance.now();
        await store.put("again", "x", { ttlMs });
        await other.put("moved", "y", { ttlMs });
      }
      return (await other.get("short")) === undefined;
    });
    expect(performance.now() - begin).to.be.greaterThan(given().keepsAtLeastMs ?? ttlMs * 0.9);
    expect((await other.list({ folder: "" })).map(({ key }) => key)).to.deep.equal([
      "again",
      "lasting",
      "moved",
    ]);
  });
}
