import { expect } from "chai";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { startRelay, type Relay } from "./relay.ts";
import { eventually, startWorld, type World } from "./world.ts";

describe("cluster: one engine ID at two addresses", function () {
  // A loaded machine takes its time; `eventually` says what was missing before this does.
  this.timeout(20_000);

  let world: World;
  let relays: Relay[] = [];
  beforeEach(() => (world = startWorld()));
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    await Promise.all(relays.splice(0).map((relay) => relay[Symbol.asyncDispose]()));
  });

  async function relayTo(sim: SimulatedEngine): Promise<Relay> {
    const relay = await startRelay(sim.addr);
    relays = [...relays, relay];
    return relay;
  }
  const states = (...addresses: string[]): string[] => addresses.map((address) => world.at(address).state);
  const settled = (...addresses: string[]): Promise<void> =>
    eventually("every address being judged", () =>
      addresses.every((address) => world.at(address).isHealthy || world.at(address).error !== ""),
    );
  const members = (): string[] => [...world.cluster.members()].map(({ addr }) => addr);

  /** A cloned machine: the same engine ID, and a default network of its own, as every start of a daemon makes one. */
  async function cloneOf(sim: SimulatedEngine, containers: readonly { name: string; id?: string }[] = []) {
    const clone = await world.engine({ id: sim.id, containers });
    const { networks } = clone.state;
    const [id, bridge] = [...networks].find(([, { name }]) => name === "bridge")!;
    networks.delete(id);
    const fresh = id.split("").reverse().join("");
    networks.set(fresh, { ...bridge, id: fresh });
    return clone;
  }

  it("refuses the second address of one daemon, and counts nothing twice", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }, { name: "db" }] });
    const second = sim.addr.replace("127.0.0.1", "localhost");
    world.set(sim);
    await world.until(sim, "Healthy");
    world.set(sim, second);
    await eventually("a refusal", () => world.at(second).error !== "");
    expect(states(sim.addr, second)).to.deep.equal(["Healthy", "Pending"]);
    expect(world.at(second).error).to.equal(
      `ID duplicated. ${sim.id} shared by this node ${second} and another node ${sim.addr}` +
        ". Both addresses reach one daemon: remove one of them from discovery",
    );
    expect(world.cluster.containers.size).to.equal(2);
    expect(world.cluster.containers.resolve("web")?.engine.addr).to.equal(sim.addr);
    expect(sim.containers.size).to.equal(2);
    expect([...sim.counters.keys()].filter((route) => /^(DELETE|POST)/.test(route))).to.deep.equal([]);
    expect(world.heard).to.deep.equal(["engine_connect node-1"]);
  });

  it("admits exactly one of two addresses that arrive together", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const addresses = await Promise.all([1, 2, 3].map(async () => (await relayTo(sim)).addr));
    world.set(...addresses);
    await settled(...addresses);
    expect(states(...addresses).sort()).to.deep.equal(["Healthy", "Pending", "Pending"]);
    expect(world.cluster.containers.size).to.equal(1);
  });

  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    it(`takes the other address when discovery drops the ${order[0] === 0 ? "first" : "second"}`, async () => {
      const sim = await world.engine({ containers: [{ name: "web" }] });
      const both = [(await relayTo(sim)).addr, (await relayTo(sim)).addr] as const;
      const [kept, dropped] = [both[order[1]], both[order[0]]];
      world.set(dropped);
      await world.until(dropped, "Healthy");
      world.set(dropped, kept);
      await eventually("a refusal", () => world.at(kept).error !== "");
      world.set(kept);
      await world.until(kept, "Healthy");
      expect(world.cluster.containers.resolve("web")?.engine.addr).to.equal(kept);
    });
  }

  it("admits two machines with one ID, and warns until one of them is gone", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const clone = await cloneOf(sim, [{ name: "db", id: "cd".repeat(32) }]);
    world.set(sim, clone);
    await Promise.all([world.until(sim, "Healthy"), world.until(clone, "Healthy")]);
    expect(world.cluster.containers.size).to.equal(2);
    expect(world.cluster.warnings).to.have.length(1);
    expect(world.cluster.warnings[0])
      .to.include("are different machines with one engine ID")
      .and.include(sim.addr)
      .and.include(clone.addr);
    world.set(sim);
    expect(world.cluster.warnings).to.deep.equal([]);
  });

  it("refuses a machine whose containers are copies, because their IDs would mean two", async () => {
    const id = "ab".repeat(32);
    const sim = await world.engine({ containers: [{ name: "web", id }] });
    const clone = await cloneOf(sim, [{ name: "web", id }]);
    world.set(sim);
    await world.until(sim, "Healthy");
    world.set(sim, clone);
    await eventually("a refusal", () => world.at(clone).error !== "");
    expect(world.at(clone).error).to.include("two machines with copies of the same containers");
    expect(world.cluster.containers.byId(id)?.engine.addr).to.equal(sim.addr);
  });

  it("refuses what cannot be told apart, and asks again", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const [first, second] = [await relayTo(sim), await relayTo(sim)];
    world.set(first.addr);
    await world.until(first.addr, "Healthy");
    first.loses = /\/networks/;
    world.set(first.addr, second.addr);
    await eventually("a refusal", () => world.at(second.addr).error !== "");
    expect(world.at(second.addr).error).to.include("could not be told");
    first.loses = undefined;
    world.at(second.addr).wake();
    await eventually("another", () =>
      world.at(second.addr).error.includes("Both addresses reach one daemon"),
    );
  });

  it("follows a daemon to its new address when the old one is dead", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const [old, now] = [await relayTo(sim), await relayTo(sim)];
    world.set(old.addr);
    await world.until(old.addr, "Healthy");
    await old.close();
    world.set(old.addr, now.addr);
    await world.until(now.addr, "Healthy");
    expect(members()).to.deep.equal([now.addr]);
    expect(world.cluster.containers.size).to.equal(1);
    expect(world.cluster.containers.resolve("web")?.engine.addr).to.equal(now.addr);
    await old.open();
    world.at(old.addr).wake();
    await eventually("the old address being refused", () =>
      world.at(old.addr).error.includes("Both addresses"),
    );
    expect(members()).to.deep.equal([now.addr]);
    expect(sim.containers.size).to.equal(1);
  });

  it("does not wait for its turn when the old address dies after the new one was refused", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const [old, now] = [await relayTo(sim), await relayTo(sim)];
    world.set(old.addr);
    await world.until(old.addr, "Healthy");
    world.set(old.addr, now.addr);
    await eventually("a refusal", () => world.at(now.addr).error !== "");
    // Refused so often, its turn would come in a minute.
    for (let refusals = 2; refusals < 10; refusals++) {
      const opened = sim.count("GET /events");
      world.at(now.addr).wake();
      await eventually("another attempt", () => sim.count("GET /events") > opened);
      // Its event stream ends with the refusal.
      await eventually("another refusal", () => sim.state.events.listeners === 1);
    }
    await old.close();
    await world.until(now.addr, "Healthy");
    expect(members()).to.deep.equal([now.addr]);
  });

  it("counts nothing twice when a lost address comes back after a new one was taken for a clone", async () => {
    const sim = await world.engine({ containers: [{ name: "before" }] });
    const [old, now] = [await relayTo(sim), await relayTo(sim)];
    world.set(old.addr);
    await world.until(old.addr, "Healthy");
    await old.close();
    await world.until(old.addr, "Unhealthy");
    // Not one container is left that was known at the old address: as far as one can see it is another machine.
    sim.removeContainer("before");
    sim.addContainer({ name: "after" });
    world.set(old.addr, now.addr);
    await world.until(now.addr, "Healthy");
    expect(members()).to.have.members([old.addr, now.addr]);
    await old.open();
    await eventually("one of them giving way", () => members().length === 1);
    expect(members()).to.deep.equal([now.addr]);
    expect(
      [...world.cluster.containers.values()].map(({ names, engine }) => `${engine.addr} ${names[0]}`),
    ).to.deep.equal([`${now.addr} after`]);
    expect(world.cluster.containers.byId(sim.container("after").id)?.engine.addr).to.equal(now.addr);
    expect(world.cluster.warnings).to.deep.equal([]);
  });

  it("is not held up by an engine that leaves in the middle of the comparison", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const [first, second] = [await relayTo(sim), await relayTo(sim)];
    world.set(first.addr);
    await world.until(first.addr, "Healthy");
    first.loses = /\/networks/;
    world.set(first.addr, second.addr);
    await eventually("the comparison", () => first.lost > 0);
    world.set(second.addr);
    await world.until(second.addr, "Healthy");
    expect(world.cluster.containers.size).to.equal(1);
    expect(world.logged.filter(({ msg }) => msg.startsWith("Failed to validate"))).to.deep.equal([]);
  });
});
