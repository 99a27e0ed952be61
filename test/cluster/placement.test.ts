import { expect } from "chai";
import type { Reservation } from "../../src/cluster/engine-candidate.ts";
import { startWorld, wanted, type World } from "./world.ts";

const port80 = { containerPort: "80/tcp", hostIp: "", hostPort: "8080" };

describe("cluster: placement", function () {
  // A loaded machine takes its time; `eventually` says what was missing before this does.
  this.timeout(20_000);

  let world: World;
  beforeEach(async () => {
    world = startWorld();
    const engines = await Promise.all([1, 2, 3].map(() => world.engine({ cpus: 2, memoryBytes: 1_000 })));
    world.set(...engines);
    await Promise.all(engines.map((engine) => world.until(engine, "Healthy")));
  });
  afterEach(() => world[Symbol.asyncDispose]());

  function place(parts: Parameters<typeof wanted>[0], swarmId = ""): Reservation | undefined {
    const result = world.cluster.place(wanted(parts), swarmId, {});
    return result.kind === "placed" ? result.reservation : undefined;
  }

  it("gives one host port to as many containers as there are engines", () => {
    const placed = Array.from({ length: 20 }, () => place({ portBindings: [port80] }));
    const engines = placed.filter((one) => one !== undefined).map(({ engine }) => engine.name);
    expect(engines).to.have.length(3);
    expect(new Set(engines).size).to.equal(3);
  });

  it("gives a name to one only, until it is released", () => {
    const first = place({ name: "web" })!;
    expect(world.cluster.nameTaken("web")).to.equal(true);
    expect(() => place({ name: "web" })).to.throw("the name web is reserved already");
    expect(() => world.cluster.holdName("web")).to.throw("the name web is reserved already");
    world.cluster.release(first);
    expect(world.cluster.nameTaken("web")).to.equal(false);
    expect(place({ name: "web" })).not.to.equal(undefined);
  });

  it("holds the name of a rename until it is let go", () => {
    const letGo = world.cluster.holdName("web");
    expect(world.cluster.nameTaken("web")).to.equal(true);
    letGo();
    letGo();
    expect(world.cluster.nameTaken("web")).to.equal(false);
  });

  it("gives no memory away twice", () => {
    const placed = Array.from({ length: 10 }, () => place({ memoryBytes: 600 })).filter(
      (one) => one !== undefined,
    );
    expect(placed).to.have.length(3);
    world.cluster.release(placed[0]!);
    expect(place({ memoryBytes: 600 })?.engine).to.equal(placed[0]!.engine);
  });

  it("passes over an engine that is lost, and takes it again", async () => {
    const sim = await world.engine({ cpus: 64 });
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    expect(place({ cpus: 32 })?.engine).to.equal(engine);
    await sim.hangUp();
    await world.until(sim, "Unhealthy");
    expect(place({ cpus: 32 })).to.equal(undefined);
    await sim.revive();
    await world.until(sim, "Healthy");
    expect(place({ cpus: 32 })?.engine).to.equal(engine);
    world.set();
    expect(place({})).to.equal(undefined);
  });

  it("knows a name from containers and from containers to come", async () => {
    const sim = await world.engine({ containers: [{ name: "db" }] });
    world.set(sim);
    await world.until(sim, "Healthy");
    expect(world.cluster.nameTaken("db")).to.equal(true);
    expect(world.cluster.nameTaken("db", world.cluster.containers.resolve("db"))).to.equal(false);
  });

  it("takes no engines in after its end", async () => {
    await world.cluster[Symbol.asyncDispose]();
    world.cluster.setEntries([{ host: "127.0.0.1", port: 1 }]);
    expect(world.cluster.engineCount).to.equal(0);
  });
});
