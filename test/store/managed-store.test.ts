import { expect } from "chai";
import { ManagedStore } from "../../src/store/managed-store.ts";
import { BreakableBackend } from "../discovery/kv-support.ts";

describe("store/managed-store", () => {
  /** What a watch that lets changes settle says; the first state is there. */
  async function settling(entries: Readonly<Record<string, string>>) {
    const backend = new BreakableBackend();
    for (const [key, value] of Object.entries(entries)) await backend.tree.put(`f/${key}`, value, {});
    const store = new ManagedStore(backend, { name: "memory://" });
    const end = new AbortController();
    const updates = store.watch({ folder: "f" }, end.signal, { settleMs: 50 })[Symbol.asyncIterator]();
    const next = async () => {
      const { value } = (await updates.next()) as { value?: { kind: string; entries?: { value: string }[] } };
      return value?.entries?.map((entry) => entry.value).join(" ") ?? value?.kind ?? "ended";
    };
    return { backend, store, end, next };
  }

  it("lets a change settle before a watch tells it, and goes on from there", async () => {
    const { backend, store, next } = await settling({ a: "1", b: "2" });
    await using _ = store;
    expect(await next()).to.equal("1 2");
    const second = next();
    const { reads } = backend;
    await backend.tree.delete("f/a");
    await backend.untilReads(reads + 1);
    await backend.tree.put("f/a", "1", {});
    await backend.tree.put("f/c", "3", {});
    expect(await second).to.equal("1 2 3");
    const third = next();
    await backend.tree.put("f/d", "4", {});
    expect(await third).to.equal("1 2 3 4");
  });

  it("tells a failure that comes while a change settles, and then the change", async () => {
    const { backend, store, next } = await settling({ a: "1" });
    await using _ = store;
    await next();
    const second = next();
    const { reads } = backend;
    await backend.tree.put("f/b", "2", {});
    await backend.untilReads(reads + 1);
    backend.break();
    expect(await second).to.equal("error");
    backend.mend();
    expect(await next()).to.equal("1 2");
  });

  it("ends while a change settles", async () => {
    const { backend, store, end, next } = await settling({ a: "1" });
    await using _ = store;
    await next();
    const second = next();
    const { reads } = backend;
    await backend.tree.put("f/b", "2", {});
    await backend.untilReads(reads + 1);
    end.abort();
    expect(await second).to.equal("ended");
  });

  it("does not ask without end a store that answers at once and says nothing new, as behind a proxy that knows no waiting", async () => {
    let asked = 0;
    const backend = new BreakableBackend();
    backend.next = () => Promise.resolve({ entries: [], cursor: String(++asked) });
    await using store = new ManagedStore(backend, { name: "consul://proxy:80" });
    const updates = store.watch({ folder: "f" }, new AbortController().signal)[Symbol.asyncIterator]();
    expect(await updates.next()).to.deep.include({ done: false });
    const second = updates.next();
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked).to.be.lessThan(4);
    await store.close();
    expect(await second).to.deep.include({ done: true });
  });
});
