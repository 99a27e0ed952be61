import { expect } from "chai";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { EngineUnreachableError } from "../../src/docker/engine-client.ts";
import { startRelay } from "./relay.ts";
import { eventually, startWorld, type World } from "./world.ts";

describe("cluster: the life of an engine", function () {
  // A loaded machine takes its time; `eventually` says what was missing before this does.
  this.timeout(20_000);

  let world: World;
  beforeEach(() => (world = startWorld()));
  afterEach(() => world[Symbol.asyncDispose]());

  const containerEvents = (): string[] => world.heard.filter((line) => !/^engine_| bridge$/.test(line));
  const namesOn = (engine: SimulatedEngine): string[] =>
    [...world.at(engine).cache.inventory.containers.values()].map(({ names }) => names[0] ?? "").sort();

  it("connects, reads everything, and announces it", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }, { name: "old", state: "exited" }] });
    world.set(sim);
    expect(world.at(sim).state).to.equal("Pending");
    const engine = await world.until(sim, "Healthy");
    expect(engine).to.include({ name: "node-1", engineId: sim.id, ip: "127.0.0.1", error: "", cpus: 4 });
    expect(engine.id).to.equal(`${sim.id}|${sim.addr}`);
    expect(engine.containers).to.deep.equal({ total: 2, running: 1, paused: 0, stopped: 1 });
    expect(world.cluster.containers.resolve("node-1/web")?.engine).to.equal(engine);
    expect(engine.cache.inventory.images).to.have.length(1);
    expect(engine.cache.inventory.networks).to.have.length(3);
    expect(world.heard).to.deep.equal(["engine_connect node-1"]);
  });

  it("follows the engine's events: the cache first, then the world", async () => {
    const sim = await world.engine();
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    sim.addContainer({ name: "web" }, true);
    await eventually("start", () => world.heard.includes("start web"));
    expect(engine.containers.running).to.equal(1);
    sim.exitContainer("web", 3);
    await eventually("die", () => world.heard.includes("die web"));
    expect(engine.containers.stopped).to.equal(1);
    sim.removeContainer("web");
    await eventually("destroy", () => world.heard.includes("destroy web"));
    expect(world.cluster.containers.resolve("web")).to.equal(undefined);
    expect(containerEvents()).to.deep.equal(["create web", "start web", "die web", "destroy web"]);
  });

  it("keeps every event in order when many come at once", async () => {
    const sim = await world.engine();
    world.set(sim);
    await world.until(sim, "Healthy");
    const names = Array.from({ length: 60 }, (_, n) => `c${n}`);
    for (const name of names) sim.addContainer({ name }, true);
    await eventually("the last one", () => world.heard.includes("start c59"));
    expect(world.heard.filter((line) => line.startsWith("start"))).to.deep.equal(
      names.map((name) => `start ${name}`),
    );
    expect(world.cluster.containers.size).to.equal(60);
  });

  it("finds what no event told, and containers that look different", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    sim.addContainer({ name: "silent" });
    sim.container("web").status = "paused";
    await eventually("both", () => engine.containers.total === 2 && engine.containers.paused === 1);
  });

  it("looks at one thing after another, by one request each, while nothing speaks against an engine", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    world.set(sim);
    await world.until(sim, "Healthy");
    sim.counters.clear();
    const looks = ["GET /containers/json", "GET /info", "GET /networks", "GET /images/json", "GET /volumes"];
    await eventually("all of it", () => looks.every((route) => sim.count(route) > 0));
    expect([...sim.counters.keys()].sort()).to.deep.equal(looks.toSorted());
  });

  it("flags a dead engine after its retries, cuts its connections, and takes it back with all that was missed", async () => {
    const sim = await world.engine({ containers: [{ name: "stays" }, { name: "dies" }, { name: "goes" }] });
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    // From now on the engine is asked for what happened since, and replays it.
    sim.addContainer({ name: "first" }, true);
    await eventually("the first event", () => world.heard.includes("start first"));
    const spliced = await engine.dial();
    await sim.hangUp();
    await world.until(sim, "Unhealthy");
    await eventually("the splice being cut", () => spliced.destroyed);
    expect(engine.error).to.match(/^Cannot connect to the Docker daemon at tcp:/);
    expect(engine.healthIndicator).to.equal(0);
    expect(namesOn(sim)).to.deep.equal(["dies", "first", "goes", "stays"]);
    sim.exitContainer("dies", 3);
    sim.removeContainer("goes");
    sim.addContainer({ name: "new" });
    await sim.revive();
    await world.until(sim, "Healthy");
    await eventually("the stream being back", () => sim.state.events.listeners === 1);
    expect(namesOn(sim)).to.deep.equal(["dies", "first", "new", "stays"]);
    expect(engine.error).to.equal("");
    sim.addContainer({ name: "later" }, true);
    await eventually("the next event", () => world.heard.includes("start later"));
    const missed = ["die dies", "destroy goes", "create new", "start new"];
    const twice = containerEvents().filter((line, at) => containerEvents().indexOf(line) !== at);
    expect(twice, "announced twice").to.deep.equal([]);
    expect(world.heard).to.include.members(missed);
    const changes = world.heard.filter((line) => line.startsWith("engine_"));
    expect(changes).to.deep.equal([
      "engine_connect node-1",
      "engine_disconnect node-1",
      "engine_reconnect node-1",
    ]);
  });

  it("tells each event once when only the stream breaks, and the engine replays it", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    sim.addContainer({ name: "before" }, true);
    await eventually("the first events", () => world.heard.includes("start before"));
    engine.connections.cut();
    sim.addContainer({ name: "while" }, true);
    sim.exitContainer("web");
    await eventually("the stream being back", () =>
      sim.requests.some(({ url }) => url.includes("/events?since=")),
    );
    sim.addContainer({ name: "after" }, true);
    await eventually("the last event", () => world.heard.includes("start after"));
    expect(containerEvents().sort()).to.deep.equal(
      ["before", "while", "after"]
        .flatMap((name) => [`create ${name}`, `start ${name}`])
        .concat("die web")
        .sort(),
    );
  });

  it("flags an engine which accepts and never answers, and none of its callers hangs", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    sim.suspend();
    const asked = engine.client.inspectContainer("web").catch((error: unknown) => error);
    await world.until(sim, "Unhealthy");
    expect(engine.cuts, "what waited on it was cut, and is not to be sent again").to.equal(1);
    expect(await asked).to.be.instanceOf(EngineUnreachableError);
    sim.resume();
    await world.until(sim, "Healthy");
  });

  it("flags an engine whose ping answers but whose lists hang", async () => {
    await using relay = await startRelay((await world.engine()).addr);
    world.set(relay.addr);
    await world.until(relay.addr, "Healthy");
    relay.loses = /containers\/json/;
    await world.until(relay.addr, "Unhealthy");
    relay.loses = undefined;
    await world.until(relay.addr, "Healthy");
  });

  it("does not hold a refused list against an engine that answers", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    for (let n = 0; n < 4; n++) sim.failNext("GET /containers/json", 500, "storage is busy");
    const refused = () =>
      world.logged.filter(({ msg }) => msg === "Update engine specs failed: storage is busy").length;
    await eventually("being refused", () => refused() === 4);
    expect(engine).to.include({ state: "Healthy", error: "", healthIndicator: 100 });
  });

  it("keeps a container that its engine cannot show for a while", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    world.set(sim);
    await world.until(sim, "Healthy");
    sim.failNext("GET /containers/:id/json", 500, "device is busy");
    await world.at(sim).cache.refreshContainer(sim.container("web").id);
    expect(namesOn(sim)).to.deep.equal(["web"]);
  });

  it("counts failures of clients no faster than one a second, and looks for itself before it flags", async () => {
    await world[Symbol.asyncDispose]();
    world = startWorld({ settings: { refreshMinMs: 60_000, refreshMaxMs: 60_000, failureRetry: 2 } });
    const sim = await world.engine();
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    const failure = new EngineUnreachableError("no", "ECONNREFUSED");
    for (let n = 0; n < 10; n++) engine.noteFailure(failure);
    expect(engine).to.include({ state: "Healthy", healthIndicator: 50, error: "no" });
    engine.noteSuccess();
    expect(engine).to.include({ state: "Healthy", healthIndicator: 100, error: "" });
  });

  it("ignores what a client broke off itself", async () => {
    const sim = await world.engine();
    world.set(sim);
    const engine = await world.until(sim, "Healthy");
    engine.noteFailure(new EngineUnreachableError("gone", "ECANCELED"));
    expect(engine.healthIndicator).to.equal(100);
  });

  // prettier-ignore
  const unusable = [
    { it: "has a malformed label",    options: { labels: ["nonsense"] },        error: /contains an invalid label \(nonsense\) not formatted as "key=value"/ },
    { it: "has no CPU",               options: { cpus: 0 },                     error: /cannot get resources for this engine, make sure .* is a Docker Engine, not a Swarm manager/ },
    { it: "has no ID",                options: { id: "" },                      error: /reports no engine ID/ },
    { it: "speaks too new a version", options: { version: { apiVersion: "1.99", minApiVersion: "1.98", serverVersion: "99" } }, error: /upgrade the manager/ },
  ];
  for (const { it: title, options, error } of unusable) {
    it(`leaves an engine pending which ${title}, and says why`, async () => {
      const sim = await world.engine({ ...options, containers: 1 });
      world.set(sim);
      await eventually("an Error row", () => world.at(sim).error !== "");
      expect(world.at(sim)).to.include({ state: "Pending" });
      expect(world.at(sim).error).to.match(error);
      expect(world.cluster.containers.size).to.equal(0);
      expect(world.heard).to.deep.equal([]);
    });
  }

  it("treats another engine ID at the address as the loss of one engine and the arrival of another", async () => {
    const first = await world.engine({ containers: [{ name: "web" }] });
    world.set(first);
    const engine = await world.until(first, "Healthy");
    await first.hangUp();
    const port = Number(first.addr.split(":")[1]);
    const second = await world.engine({ port, containers: [{ name: "other" }] });
    await eventually("the new one", () => engine.name === "node-2" && engine.isHealthy);
    expect(engine.engineId).to.equal(second.id);
    expect(namesOn(second)).to.deep.equal(["other"]);
    expect(world.cluster.containers.resolve("web")).to.equal(undefined);
    const changes = world.heard.filter((line) => line.startsWith("engine_"));
    expect(changes).to.deep.equal([
      "engine_connect node-1",
      "engine_disconnect node-1",
      "engine_connect node-2",
    ]);
    expect(
      world.logged.some(({ msg }) =>
        /Update engine specs failed: Engine .* shows up with another ID/.test(msg),
      ),
    ).to.equal(true);
    expect(world.heard.filter((line) => /^(destroy|create|start) /.test(line))).to.deep.equal([]);
  });

  it("forgets a removed engine at once, with all it held", async () => {
    const sim = await world.engine({ containers: [{ name: "web" }] });
    const other = await world.engine({ containers: [{ name: "db" }] });
    world.set(sim, other);
    await Promise.all([world.until(sim, "Healthy"), world.until(other, "Healthy")]);
    const gone = world.at(sim);
    world.set(other);
    expect(world.cluster.engineAt(sim.addr)).to.equal(undefined);
    expect([...world.cluster.containers.values()].map(({ names }) => names[0])).to.deep.equal(["db"]);
    expect(world.heard.at(-1)).to.equal("engine_disconnect node-1");
    expect(gone.isMember).to.equal(false);
    await eventually("its connections being closed", () => sim.connections === 0);
  });

  for (const moment of ["suspended from the start", "suspended later", "dead"] as const) {
    it(`ends at once although an engine is ${moment}, and leaves nothing behind`, async () => {
      const sim = await world.engine({ containers: 3 });
      await world[Symbol.asyncDispose]();
      const before = timersAndSockets();
      world = startWorld({ deadlines: { probe: 60_000, call: 60_000, list: 60_000 } });
      const target = await world.engine({ containers: 3 });
      if (moment === "suspended from the start") target.suspend();
      world.set(target);
      if (moment === "suspended from the start") await eventually("a question", () => target.connections > 0);
      else await world.until(target, "Healthy");
      if (moment === "suspended later") target.suspend();
      if (moment === "dead") await target.hangUp();
      await world.cluster[Symbol.asyncDispose]();
      await target.dispose();
      await sim.dispose();
      await eventually("no timer and no socket", () => timersAndSockets() <= before);
    });
  }

  it("survives a listener that throws", async () => {
    const sim = await world.engine();
    world.onAnnouncement = () => {
      throw new Error("a listener's bug");
    };
    world.set(sim);
    await world.until(sim, "Healthy");
    expect(world.logged.some(({ msg }) => msg === "a listener failed")).to.equal(true);
  });
});

const timersAndSockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP|Pipe/.test(kind)).length;
