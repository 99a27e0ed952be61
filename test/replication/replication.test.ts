import { expect } from "chai";
import { LEADER_KEY } from "../../src/replication/keys.ts";
import { Replication } from "../../src/replication/replication.ts";
import { FakeClock, memoryStore, readableLog, settle, until } from "./support.ts";

const [acquired, lost] = [
  "info Leader Election: Cluster leadership acquired",
  "info Leader Election: Cluster leadership lost",
];
const elected = (address: string) => `info New leader elected: ${address}`;
const closed = "error Leader Election: watch leader channel closed, the store may be unavailable...";

describe("replication/replication", () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  function manager(address: string, tree?: ReturnType<typeof memoryStore>["tree"]) {
    const { log, lines } = readableLog();
    const world = memoryStore(tree);
    const clock = new FakeClock();
    const replication = new Replication({
      store: world.store,
      advertise: address,
      ttlMs: 4_000,
      takeOverMs: 0,
      version: "1.0.0",
      log,
      clock,
    });
    const heard: string[] = [];
    const odd: string[] = [];
    const look = () => {
      const { role, primary } = replication;
      if (role === "replica" && primary === address) odd.push(primary);
      if (role === "primary" && primary !== address) odd.push(primary);
    };
    replication.onPrimary((primary) => {
      heard.push(primary);
      look();
    });
    void replication.run(new AbortController().signal);
    ends.push(async () => {
      await replication[Symbol.asyncDispose]();
      await world.store.close();
    });
    const knows = async (primary: string) =>
      await until(`${address} knows ${primary}`, () => {
        look();
        return replication.primary === primary;
      });
    const says = () => [replication.role, replication.primary];
    return { ...world, replication, lines, clock, heard, odd, knows, says };
  }
  /** What the first log would say; failures of the store of no interest here left out. */
  const words = ({ lines }: ReturnType<typeof manager>) =>
    lines.filter((line) => !line.includes("cannot be asked"));

  it("begins as a replica of nobody", () => {
    const { replication, says } = manager("a:1");
    expect(says()).to.deep.equal(["replica", ""]);
    expect([replication.replicated, replication.self, replication.ttlMs]).to.deep.equal([true, "a:1", 4_000]);
  });

  it("logs as the original does, while the first leads, is killed, and the second takes over", async () => {
    const a = manager("a:1");
    await a.knows("a:1");
    const b = manager("b:1", a.tree);
    await b.knows("a:1");
    expect([a.says(), b.says()]).to.deep.equal([
      ["primary", "a:1"],
      ["replica", "a:1"],
    ]);
    expect(words(a)).to.deep.equal([lost, acquired, elected("a:1")]);
    expect(words(b)).to.deep.equal([lost, elected("a:1")]);
    a.backend.break();
    a.time.nowMs += 4_000;
    await a.tree.delete(LEADER_KEY); // as the store does when the lease is over
    await b.knows("b:1");
    expect([a.says(), b.says()]).to.deep.equal([
      ["replica", ""],
      ["primary", "b:1"],
    ]);
    expect(words(b).slice(2)).to.deep.equal([acquired, elected("b:1")]);
    expect([a.odd, b.odd]).to.deep.equal([[], []]);
  });

  it("as a primary that loses the store says that it is one no longer, and whom it follows when it is back", async () => {
    const a = manager("a:1");
    await a.knows("a:1");
    const b = manager("b:1", a.tree);
    await b.knows("a:1");
    a.backend.break();
    await until("the watch has failed", () => a.lines.includes(closed));
    a.time.nowMs += 4_000;
    await a.knows("");
    await a.tree.delete(LEADER_KEY);
    await b.knows("b:1");
    a.backend.mend();
    await a.knows("b:1");
    expect(words(a)).to.deep.equal([lost, acquired, elected("a:1"), closed, lost, elected("b:1")]);
    expect([a.heard, a.odd]).to.deep.equal([["a:1", "", "b:1"], []]);
  });

  it("does not take the lock of the process before it for its own leadership", async () => {
    const before = memoryStore();
    await before.store.put(LEADER_KEY, "a:1");
    const a = manager("a:1", before.tree);
    await until("it has read the lock", () => a.backend.reads > 0);
    await settle();
    expect([a.says(), words(a)]).to.deep.equal([["replica", ""], [lost]]);
    await before.store.delete(LEADER_KEY);
    await a.knows("a:1");
    expect(words(a)).to.deep.equal([lost, acquired, elected("a:1")]);
    await before.store.close();
  });

  it("steps down at once when the store has taken its lock away too early", async () => {
    const a = manager("a:1");
    await a.knows("a:1");
    const begin = performance.now();
    await a.tree.delete(LEADER_KEY);
    await until("a is no primary", () => a.replication.role === "replica");
    // It renews every 1.2 s.
    expect(performance.now() - begin).to.be.below(600);
  });

  it("hands over at once when it stops", async () => {
    const a = manager("a:1");
    await a.knows("a:1");
    const b = manager("b:1", a.tree);
    await b.knows("a:1");
    await a.replication[Symbol.asyncDispose]();
    expect(a.says()).to.deep.equal(["replica", ""]);
    await b.knows("b:1");
    expect(b.replication.leadership.term?.number).to.equal(2);
  });

  it("lists the managers, itself first, and lets the lock decide which one leads", async () => {
    const a = manager("a:1");
    await a.knows("a:1");
    const b = manager("b:1", a.tree);
    await b.knows("a:1");
    const peers = () => b.replication.peers.map(({ address, role, self }) => [address, role, self]);
    await until("b knows a", () => peers().length === 2);
    await until("a said that it leads", () => JSON.stringify(peers()).includes("primary"));
    expect(peers()).to.deep.equal([
      ["b:1", "replica", true],
      ["a:1", "primary", false],
    ]);
    a.backend.break();
    a.time.nowMs += 4_000;
    await a.tree.delete(LEADER_KEY);
    await b.knows("b:1");
    expect(peers()).to.deep.equal([
      ["b:1", "primary", true],
      ["a:1", "replica", false],
    ]);
  });

  it("tells a change to the others though one listener throws, and none after its end", async () => {
    const a = manager("a:1");
    const heard: string[] = [];
    a.replication.onPrimary(() => {
      throw new Error("a bug");
    });
    a.replication.onPrimary((primary) => heard.push(primary));
    const end = a.replication.onPrimary((primary) => heard.push(`never ${primary}`));
    end();
    await a.knows("a:1");
    expect(heard).to.deep.equal(["a:1"]);
    expect(a.lines).to.include("error a listener to the change of the primary failed");
  });

  it("has no error while the store answers, and the store's while it does not", async () => {
    const a = manager("a:1");
    await a.knows("a:1");
    expect(a.replication.error).to.equal("");
    a.backend.break();
    await until("the watch has failed", () => a.replication.error === "no answer");
    a.backend.mend();
    await until("the watch goes on", () => a.replication.error === "");
  });
});
