import { expect } from "chai";
import { Follower } from "../../src/replication/follower.ts";
import { FakeClock, FakeWatch, readableLog, settle, until } from "./support.ts";

const closed = "error Leader Election: watch leader channel closed, the store may be unavailable...";

describe("replication/follower", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  function following() {
    const { log, lines } = readableLog();
    const store = new FakeWatch();
    const clock = new FakeClock();
    const changes: string[] = [];
    const follower: Follower = new Follower({
      store,
      key: "docker/swarm/leader",
      ttlMs: () => 4_000,
      log,
      clock,
      onChange: () => changes.push(follower.address),
    });
    const stop = new AbortController();
    const running = follower.run(stop.signal);
    stops.push(async () => {
      stop.abort();
      await running;
    });
    return { follower, store, clock, lines, changes };
  }

  it("has the address of whoever holds the lock, and none when nobody does", async () => {
    const { follower, store, changes } = following();
    expect(follower.address).to.equal("");
    store.state();
    store.state("a:1");
    store.state("a:1");
    store.state();
    store.state("b:1");
    await settle();
    expect(changes).to.deep.equal(["a:1", "", "b:1"]);
    expect(follower.address).to.equal("b:1");
  });

  // prettier-ignore
  const values = [
    { value: "10.0.0.1:3376",              is: "10.0.0.1:3376" },
    { value: "tcp://10.0.0.1:3376",        is: "10.0.0.1:3376" },
    { value: "[fe80::1]:3376",             is: "[fe80::1]:3376" },
    { value: "manager-1.example.com:4000", is: "manager-1.example.com:4000" },
    { value: "10.0.0.1",                   is: "" },
    { value: "10.0.0.1:0",                 is: "" },
    { value: "10.0.0.1:65536",             is: "" },
    { value: "10.0.0.1:3376/x",            is: "" },
    { value: "user@10.0.0.1:3376",         is: "" },
    { value: "a b:3376",                   is: "" },
    { value: "a\r\nHost: b:3376",          is: "" },
    { value: `${"a".repeat(300)}:3376`,    is: "" },
  ];
  for (const { value, is } of values) {
    it(`reads ${JSON.stringify(value.slice(0, 30))} as ${is === "" ? "no address" : is}`, async () => {
      const { follower, store, lines } = following();
      store.state(value);
      store.state(value);
      await settle();
      expect(follower.address).to.equal(is);
      const warning = "warn the leader's key holds something that is no address: ignored";
      expect(lines).to.deep.equal(is === "" ? [warning] : []);
    });
  }

  it("keeps the address while the store is silent for less than a lease, and says so once", async () => {
    const { follower, store, clock, lines } = following();
    store.state("a:1");
    store.error("no answer");
    store.error("still no answer");
    await settle();
    clock.advance(3_999);
    await settle();
    expect([follower.address, follower.error, lines]).to.deep.equal(["a:1", "still no answer", [closed]]);
  });

  it("forgets the address when the store has been silent for a lease", async () => {
    const { follower, store, clock, changes } = following();
    store.state("a:1");
    store.error();
    await settle();
    clock.advance(2_000);
    store.error();
    await settle();
    clock.advance(2_000);
    await settle();
    expect([follower.address, changes]).to.deep.equal(["", ["a:1", ""]]);
  });

  it("goes on when the store is back: the old outage ends nothing any more, and a new one is told again", async () => {
    const { follower, store, clock, lines } = following();
    store.state("a:1");
    store.error();
    await settle();
    clock.advance(2_000);
    store.state("a:1");
    await settle();
    expect(follower.error).to.equal("");
    clock.advance(10_000);
    await settle();
    expect(follower.address).to.equal("a:1");
    store.error();
    await settle();
    expect(lines).to.deep.equal([closed, closed]);
  });

  it("follows again after a watch that broke", async () => {
    const { follower, store, clock } = following();
    store.throw(new Error("a bug"));
    await until("it waits", () => clock.pauses.some(({ ms }) => ms === 500));
    expect(follower.error).to.equal("a bug");
    store.state("a:1");
    clock.advance(500);
    await settle();
    expect([follower.address, follower.error]).to.deep.equal(["a:1", ""]);
  });
});
