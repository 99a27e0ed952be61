import { expect } from "chai";
import { peerKey, peerValue } from "../../src/replication/peer-entry.ts";
import { Peers } from "../../src/replication/peers.ts";
import { FakeClock, memoryStore, readableLog, settle, until } from "./support.ts";

const folder = "docker/swarm/managers";
const startedMs = Date.UTC(2026, 10, 21);

describe("replication/peers", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  function manager(address: string, tree?: ReturnType<typeof memoryStore>["tree"]) {
    const { log, lines } = readableLog();
    const world = memoryStore(tree);
    const clock = new FakeClock();
    const state: { role: "primary" | "replica" } = { role: "replica" };
    const peers = new Peers({
      store: world.store,
      address,
      ttlMs: 20_000,
      version: "1.0.0",
      startedMs,
      role: () => state.role,
      log,
      clock,
    });
    const stop = new AbortController();
    const running = peers.run(stop.signal);
    const end = async () => {
      stop.abort();
      await running;
      await world.store.close();
    };
    ends.push(end);
    /** One more renewal of its entry. */
    const beat = async () => {
      await until("it rests", () => clock.pauses.length > 0);
      clock.advance(20_000 / 3);
      await until("it has renewed", () => clock.pauses.length > 0);
    };
    const rested = async () => await until("it rests", () => clock.pauses.length > 0);
    return { ...world, peers, lines, clock, state, end, beat, rested };
  }

  it("knows the others, by address, and not itself", async () => {
    const a = manager("a:1");
    await a.rested();
    const [c, b] = [manager("c:1", a.tree), manager("b:1", a.tree)];
    await c.rested();
    await b.rested();
    await a.beat();
    expect(
      a.peers.others.map(({ address, role, version, startedMs: since }) => [address, role, version, since]),
    ).to.deep.equal([
      ["b:1", "replica", "1.0.0", startedMs],
      ["c:1", "replica", "1.0.0", startedMs],
    ]);
  });

  it("writes its entry at once when its role changes", async () => {
    const a = manager("a:1");
    await a.rested();
    a.state.role = "primary";
    a.peers.announce();
    await until("it is written", () => a.backend.writes === 2);
    expect((await a.store.get(peerKey("a:1")))?.value).to.include('"Role":"primary"');
  });

  it("lets its entry end by itself when it dies, and removes it when it stops", async () => {
    const a = manager("a:1");
    await a.rested();
    expect(a.tree.get(peerKey("a:1"))?.expiresAt).to.be.a("number");
    const reader = memoryStore(a.tree);
    await a.end();
    expect(await reader.store.list({ folder })).to.deep.equal([]);
    await reader.store.close();
  });

  it("forgets the others when the store has been silent for as long as entries live", async () => {
    const a = manager("a:1");
    const b = manager("b:1", a.tree);
    await b.rested();
    await a.rested();
    await a.beat();
    a.backend.break();
    await a.beat();
    expect(a.peers.others).to.have.length(1);
    await a.beat();
    await a.beat();
    await a.beat();
    expect(a.peers.others).to.have.length(0);
    a.backend.mend();
    await a.beat();
    expect(a.peers.others).to.have.length(1);
  });

  it("passes over entries no manager wrote, and lists a hundred at most", async () => {
    const world = memoryStore();
    const entry = (n: number) => ({
      address: `10.0.0.${n}:1`,
      instance: "i",
      role: "replica" as const,
      version: "1",
      startedMs,
    });
    for (let n = 0; n < 150; n++) await world.store.put(peerKey(entry(n).address), peerValue(entry(n)));
    const first = { ...JSON.parse(peerValue(entry(0))) } as Record<string, unknown>;
    const spoilt = (change: object) => JSON.stringify({ ...first, ...change });
    // prettier-ignore
    const values = [
      "no JSON", "null", "7", spoilt({ Address: "10.0.0.9:1" }), spoilt({ Role: "king" }), spoilt({ Instance: "" }), spoilt({ Version: "\n" }),
      spoilt({ Version: "x".repeat(101) }), spoilt({ StartedAt: "yesterday" }), spoilt({ StartedAt: 7 }), spoilt({ More: "x".repeat(3_000) }),
    ];
    const a = manager("z:1", world.tree);
    await a.rested();
    expect(a.peers.others).to.have.length(100);
    for (const value of values) {
      await world.store.put(peerKey("10.0.0.0:1"), value);
      await a.beat();
      expect(new Set(a.peers.others.map(({ address }) => address)), value).to.have.property("size", 99);
      expect(a.peers.others, value).to.have.length(99);
    }
    await world.store.put(peerKey("10.0.0.0:1"), spoilt({ More: 1 }));
    await a.beat();
    expect(a.peers.others[0]?.address).to.equal("10.0.0.0:1");
    await world.store.close();
  });

  it("finds out that another manager has its address, and says so once a minute", async () => {
    const a = manager("a:1");
    await a.rested();
    const twin = manager("a:1", a.tree);
    await twin.rested();
    const told = ({ lines }: typeof a) =>
      lines.filter((line) => line.startsWith("error another manager has the same"));
    for (let round = 0; round < 4; round++) {
      await a.beat();
      await twin.beat();
    }
    expect([told(a), told(twin)].map(({ length }) => length)).to.deep.equal([1, 1]);
    for (let round = 0; round < 9; round++) {
      await a.beat();
      await twin.beat();
    }
    expect(told(a)).to.have.length(2);
  });

  it("takes the entry of the process before it for what it is", async () => {
    const before = manager("a:1");
    await before.rested();
    const reader = memoryStore(before.tree);
    const after = manager("a:1", before.tree);
    await after.rested();
    await after.beat();
    await after.beat();
    expect(after.lines).to.deep.equal([]);
    await before.end(); // slow to stop: what stands there now is not its own
    expect(await reader.store.list({ folder })).to.have.length(1);
    await reader.store.close();
  });

  it("has keys that stores take", async () => {
    const world = memoryStore();
    for (const address of ["10.0.0.1:1", "[fe80::1]:1", "_srv.example:1"]) {
      await world.store.put(peerKey(address), "v");
      expect(peerKey(address).slice(folder.length + 1)).to.match(/^[^_/][^/]*$/);
    }
    await settle();
    await world.store.close();
  });
});
