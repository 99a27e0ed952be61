import { expect } from "chai";
import type { Open } from "./contract.ts";
import { Watched } from "./under-test.ts";

export function followWatches(open: Open): void {
  it("a watch of a folder begins with what is there and follows every change", async () => {
    const [store, other] = [await open(), await open()];
    await other.put("nodes/a", "1");
    const watched = new Watched(store, { folder: "nodes" });
    await watched.sees(["1"]);
    await other.put("nodes/b", "2");
    await watched.sees(["1", "2"]);
    await other.put("nodes/a", "3");
    await watched.sees(["3", "2"]);
    await other.put("nodes/deep/er", "4");
    await watched.sees(["3", "2", "4"]);
    await other.delete("nodes/a");
    await watched.sees(["2", "4"]);
    await other.delete("nodes/b");
    await other.delete("nodes/deep/er");
    await watched.sees([]);
    expect(watched.updates.every(({ kind }) => kind === "state")).to.equal(true);
    await watched.stop();
  });

  it("a watch begins with nothing when nothing is there, and minds only its own", async () => {
    const [store, other] = [await open(), await open()];
    const folder = new Watched(store, { folder: "nodes" });
    const key = new Watched(store, { key: "leader" });
    await Promise.all([folder.sees([]), key.sees([])]);
    await other.put("nodes-old/x", "no");
    await other.put("leaders", "no");
    await other.put("leader", "yes");
    await key.sees(["yes"]);
    await other.put("nodes/x", "yes");
    await folder.sees(["yes"]);
    await other.delete("leader");
    await key.sees([], 2);
    expect(folder.text()).to.equal(" | yes");
    expect(key.text()).to.equal(" | yes | ");
    await Promise.all([folder.stop(), key.stop()]);
  });

  it("a slow reader of a watch gets the last state, not every one", async () => {
    const [store, other] = [await open(), await open()];
    const stop = new AbortController();
    const updates = store.watch({ folder: "n" }, stop.signal)[Symbol.asyncIterator]();
    await updates.next();
    for (let i = 1; i <= 20; i++) await other.put("n/x", String(i));
    let [seen, states] = ["", 0];
    while (seen !== "20") {
      const { value } = (await updates.next()) as { value: { entries: readonly { value: string }[] } };
      seen = value.entries[0]?.value ?? "";
      states++;
    }
    expect(states).to.be.lessThan(20);
    stop.abort();
    expect((await updates.next()).done).to.equal(true);
  });

  it("a watch ends with its signal and with its store, and only then", async () => {
    const store = await open();
    const [first, second] = [new Watched(store, { folder: "n" }), new Watched(store, { key: "k" })];
    await Promise.all([first.sees([]), second.sees([])]);
    await first.stop();
    await store.put("k", "still here");
    await second.sees(["still here"]);
    await store.close();
    await second.ended;
  });
}
