import { expect } from "chai";
import { startFleet, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { startContainer } from "../../bench/fleet/lifecycle.ts";
import { until, type TestManager } from "../api/support.ts";
import { defaultClusterOptions } from "../../src/cli/cluster-options.ts";
import {
  copyOn,
  giveEngines,
  inspect,
  lastingState,
  listed,
  movable,
  movedFrom,
  pending,
  pendingRow,
  startWatchful,
  swarmEvents,
  untilStatus,
} from "./support.ts";

const { reschedule } = defaultClusterOptions;

describe("reschedule/rescheduler", function () {
  this.timeout(30_000);

  it("makes the containers of a dead engine anew elsewhere, under their names", async () => {
    await using manager = await startWatchful();
    const old = await manager.run({ Labels: movable }, "web");
    const before = await inspect(manager, "web");
    const engine = manager.engineOf(old);
    await engine.hangUp();
    const now = await movedFrom(manager, "web", engine);
    expect(now.Name).to.equal("/web");
    expect(now.Id).to.not.equal(old);
    expect(now.Config.Labels["com.docker.swarm.id"]).to.equal(before?.Config.Labels["com.docker.swarm.id"]);
    expect((await inspect(manager, old))?.Id).to.equal(now.Id);
    await until(async () => {
      const listed = (await manager.ask("GET", "/containers/json?all=1")).json() as { Id: string }[];
      return listed.every(({ Id }) => Id !== old);
    }, "the old copy is not listed");
    expect(await swarmEvents(manager)).to.deep.equal([
      "reschedule_pending web",
      "reschedule_start web",
      "reschedule_done web",
    ]);
  });

  it("leaves alone what did not ask for it", async () => {
    await using manager = await startWatchful();
    const [engine] = manager.engines;
    const here = { "com.docker.swarm.constraints": '["node==~node-1"]' };
    await manager.run({ Labels: here }, "plain");
    await manager.run({ Labels: { ...here, "com.docker.swarm.movable": "true" } }, "movable");
    await manager.run({ Labels: { ...here, ...movable } }, "web");
    await engine?.hangUp();
    if (engine !== undefined) await movedFrom(manager, "web", engine);
    const at = (await listed(manager)).filter((name) => !name.endsWith("/web"));
    expect(at).to.deep.equal(["node-1/movable", "node-1/plain"]);
    expect(await pending(manager)).to.deep.equal([]);
  });

  it("leaves no duplicate when the engine comes back", async () => {
    await using manager = await startWatchful();
    const old = await manager.run({ Labels: movable }, "web");
    const engine = manager.engineOf(old);
    await engine.hangUp();
    const now = await movedFrom(manager, "web", engine);
    await engine.revive();
    await until(() => copyOn(engine, "web") === undefined, "the old copy is removed");
    expect((await inspect(manager, "web"))?.Id).to.equal(now.Id);
    expect(engine.requests.map(({ route }) => route)).to.include("POST /containers/:id/stop");
    await until(async () => (await swarmEvents(manager)).includes("duplicate_removed web"));
  });

  it("keeps the old copy, and removes the new one, when somebody has started the old one meanwhile", async () => {
    await using manager = await startWatchful();
    const created = await manager.ask("POST", "/containers/create?name=web", {
      body: { Image: "busybox", Cmd: ["sleep", "infinity"], Labels: movable },
    });
    const { Id: old } = created.json() as { Id: string };
    const engine = manager.engineOf(old);
    await engine.hangUp();
    await until(async () => {
      const now = await inspect(manager, "web");
      return now !== undefined && now.Id !== old;
    }, "it is made anew");
    startContainer(engine.state, engine.container(old));
    await engine.revive();
    await until(
      () => manager.engines.filter((each) => copyOn(each, "web") !== undefined).length === 1,
      "one copy is left",
    );
    expect(copyOn(engine, "web")?.status).to.equal("running");
    await until(async () => (await inspect(manager, "web"))?.Id === old, "the name means the old one");
    await engine.hangUp();
    await movedFrom(manager, "web", engine);
  });

  it("ends a planned move when the node it leaves is lost: the new copy stays, and the old one goes when it is back", async () => {
    await using manager = await startWatchful();
    const constraints = { "com.docker.swarm.constraints": '["node==~node-1"]' };
    const engine = manager.engineOf(await manager.run({ Labels: { ...movable, ...constraints } }, "web"));
    const drain = { body: { Availability: "drain" } };
    expect((await manager.ask("POST", "/cluster/nodes/node-1/update", drain)).status).to.equal(200);
    const second = () =>
      manager.engines.find((each) => each !== engine && copyOn(each, "web")?.status === "running");
    await until(() => second() !== undefined, "the new copy runs");
    second()?.setHealth("web", "starting");
    expect((await pending(manager)).map(({ State }) => State)).to.deep.equal(["moving"]);
    expect(copyOn(engine, "web")?.status).to.equal("running");
    await engine.hangUp();
    await until(async () => (await pending(manager)).length === 0, "nothing is under way");
    expect(second()).to.not.equal(undefined);
    await engine.revive();
    await until(() => copyOn(engine, "web") === undefined, "the old copy is removed");
    expect(second()).to.not.equal(undefined);
  });

  it("waits for swarm.reschedule-delay, and forgets the matter when the engine is back before", async () => {
    await using manager = await startWatchful({
      cluster: { reschedule: { ...reschedule, delayMs: 60_000 } },
    });
    const id = await manager.run({ Labels: movable }, "web");
    const engine = manager.engineOf(id);
    await engine.hangUp();
    const row = await pendingRow(manager, "web", ({ NextTry }) => NextTry !== null);
    expect([row.State, row.LastError]).to.deep.equal(["waiting", "swarm.reschedule-delay"]);
    await engine.revive();
    await until(async () => (await pending(manager)).length === 0, "nothing is pending");
    expect((await inspect(manager, "web"))?.Id).to.equal(id);
    expect(await swarmEvents(manager)).to.deep.equal(["reschedule_pending web", "reschedule_cancelled web"]);
  });

  it("does not wait any longer when an operator says so", async () => {
    await using manager = await startWatchful({
      cluster: { reschedule: { ...reschedule, delayMs: 60_000 } },
    });
    const engine = manager.engineOf(await manager.run({ Labels: movable }, "web"));
    await engine.hangUp();
    await pendingRow(manager, "web", ({ State }) => State === "waiting");
    expect((await manager.ask("POST", "/cluster/reschedules/web/retry")).status).to.equal(204);
    await movedFrom(manager, "web", engine);
  });

  it("moves nothing at once when most engines are lost together", async () => {
    const engine = { refreshMinMs: 150, refreshMaxMs: 60_000, failureRetry: 1 };
    await using manager = await startWatchful({ config: { engine } });
    const [first, second, third] = manager.engines;
    await manager.run({ Labels: { ...movable, "com.docker.swarm.constraints": '["node!=node-3"]' } }, "web");
    await Promise.all([first?.hangUp(), second?.hangUp()]);
    const row = await pendingRow(manager, "web", ({ LastError }) => LastError.includes("2 of 3 nodes"));
    expect(row.State).to.equal("waiting");
    expect(third?.containers.size).to.equal(0);
    expect(manager.log.join("")).to.include("more than half of the nodes were lost at once");
    await Promise.all([first?.revive(), second?.revive()]);
  });

  it("tries again until there is room", async () => {
    const gib = 2 ** 30;
    const names = ["node-1", "node-2", "node-3"];
    await using manager = await startWatchful({ engines: names.map((name) => ({ name, memoryBytes: gib })) });
    const HostConfig = { Memory: gib };
    const engine = manager.engineOf(await manager.run({ Labels: movable, HostConfig }, "web"));
    const others = [await manager.run({ HostConfig }, "one"), await manager.run({ HostConfig }, "two")];
    await engine.hangUp();
    const row = await pendingRow(manager, "web", ({ Attempts }) => Attempts > 0);
    expect(row.LastError).to.include("no resources available");
    await manager.ask("DELETE", `/containers/${others[0] ?? ""}?force=1`);
    await movedFrom(manager, "web", engine);
    const events = await swarmEvents(manager);
    expect(events.filter((event) => event === "reschedule_pending web")).to.have.length(1);
    expect(events.filter((event) => event === "reschedule_failed web")).to.have.length(1);
    const logged = manager.log.filter((line) => line.includes("Failed to reschedule container"));
    expect(logged).to.have.length(1);
  });

  it("moves what was on an engine that died with the manager before", async () => {
    await using fleet = await startFleet(3);
    const state = lastingState();
    const [dead] = fleet.engines;
    const Labels = { ...movable, "com.docker.swarm.constraints": '["node==~node-1"]' };
    {
      await using manager = await startWatchful({ engines: [], state: state() });
      await giveEngines(manager, fleet.engines);
      await manager.run({ Labels }, "web");
      const running = async () => (await manager.ask("GET", "/containers/json")).text.includes("node-1/web");
      await until(running, "the manager has heard that it runs");
    }
    if (dead === undefined) throw new Error("no engine");
    await dead.hangUp();
    await using manager = await startWatchful({ engines: [], state: state() });
    await giveEngines(manager, fleet.engines, 2);
    const now = await movedFrom(manager, "web", dead);
    expect(now.Name).to.equal("/web");
  });

  it("gives nobody the name of a container that it has yet to read of", async () => {
    await using fleet = await startFleet(2);
    const state = lastingState();
    const Labels = { ...movable, "com.docker.swarm.constraints": '["node==node-1"]' };
    {
      await using manager = await startWatchful({ engines: [], state: state() });
      await giveEngines(manager, fleet.engines);
      await manager.run({ Labels }, "web");
    }
    let read = (): void => undefined;
    const gate = new Promise<void>((resolve) => (read = resolve));
    await using manager = await startWatchful({ engines: [], state: state(gate) });
    await giveEngines(manager, fleet.engines.slice(1));
    let isAnswered = false;
    const body = { Image: "busybox", Cmd: ["true"] };
    const creating = manager.ask("POST", "/containers/create?name=web", { body }).then((answer) => {
      isAnswered = true;
      return answer;
    });
    expect((await manager.ask("POST", "/containers/create", { body })).status, "others do not wait").to.equal(
      201,
    );
    expect(isAnswered).to.equal(false);
    read();
    const { status, message } = await creating;
    expect(status, message).to.equal(409);
    expect(message).to.include("The name web is already assigned");
  });

  it("keeps a container that must be on its node, and says why", async () => {
    await using manager = await startWatchful();
    const [engine] = manager.engines;
    const constraints = (text: string) => ({ "com.docker.swarm.constraints": `["${text}"]` });
    await manager.run({ Labels: { ...movable, ...constraints("node==node-1") } }, "bound");
    await manager.run({ Labels: { ...movable, ...constraints("node==~node-1") } }, "free");
    await engine?.hangUp();
    if (engine !== undefined) await movedFrom(manager, "free", engine);
    const row = await pendingRow(manager, "bound", ({ Attempts }) => Attempts > 0);
    expect(row.LastError).to.include("node==node-1");
    expect(await listed(manager)).to.include("node-1/bound");
  });

  it("has one copy in the end when engines come and go", async () => {
    await using manager = await startWatchful();
    await manager.run({ Labels: movable }, "web");
    for (let round = 0; round < 3; round++) {
      const holder = manager.engines.find((engine) => copyOn(engine, "web")?.status === "running");
      if (holder === undefined) throw new Error("nobody runs it");
      await holder.hangUp();
      await movedFrom(manager, "web", holder);
      await holder.revive();
      await untilStatus(manager, "Healthy", 3);
      await until(() => copyOn(holder, "web") === undefined, "the old copy is removed");
    }
    const copies = manager.engines.filter((engine) => copyOn(engine, "web") !== undefined);
    expect(copies).to.have.length(1);
  });

  it("leaves the containers of a node where they are when only its entry in discovery is gone", async () => {
    await using manager = await startWatchful();
    const engine = manager.engineOf(await manager.run({ Labels: movable }, "web"));
    manager.setEngines(manager.engines.filter((each) => each !== engine));
    const row = await pendingRow(manager, "web", ({ State }) => State === "held");
    expect(row.LastError).to.equal("it is not in discovery any more, but answers");
    expect(manager.engines.filter((each) => copyOn(each, "web") !== undefined)).to.deep.equal([engine]);
    manager.setEngines(manager.engines);
    await until(async () => (await pending(manager)).length === 0, "nothing is pending");
  });

  it("keeps the name of a container for it whose node discovery has dropped, until it is back", async () => {
    await using manager = await startWatchful();
    const engine = await withoutItsNode(manager, "web");
    const create = { body: { Image: "busybox" } };
    const refused = await manager.ask("POST", "/containers/create?name=web", create);
    expect(refused.status).to.equal(409);
    expect(refused.message).to.match(
      /The name web is already assigned.*Its node is away: swarm reschedule ls .*docker rm -f web/,
    );
    const other = await manager.create({}, "other");
    expect((await manager.ask("POST", `/containers/${other}/rename?name=web`)).status).to.equal(409);
    manager.setEngines(manager.engines);
    await until(async () => (await inspect(manager, "web")) !== undefined, "it is back");
    expect(copyOn(engine, "web")?.status).to.equal("running");
  });

  it("lets its user give it up meanwhile: the name is free, and the old copy goes when the node is back", async () => {
    await using manager = await startWatchful();
    const engine = await withoutItsNode(manager, "web");
    const careless = await manager.ask("DELETE", "/containers/web");
    expect(careless.status).to.equal(409);
    expect(careless.message).to.match(
      /cannot remove container .*its node node-\d is away, .*: force the removal/,
    );
    expect((await manager.ask("DELETE", "/containers/web?force=1")).status).to.equal(204);
    expect((await manager.ask("DELETE", "/containers/web?force=1")).status).to.equal(404);
    await until(async () => (await pending(manager)).length === 0, "nothing is pending");
    const id = await manager.run({ Labels: movable }, "web");
    manager.setEngines(manager.engines);
    await until(() => copyOn(engine, "web") === undefined, "the old copy is removed");
    expect((await inspect(manager, "web"))?.Id).to.equal(id);
  });
});

/** A container that may be moved and runs on an engine which discovery does not list any more. */
async function withoutItsNode(manager: TestManager, name: string): Promise<SimulatedEngine> {
  const engine = manager.engineOf(await manager.run({ Labels: movable }, name));
  manager.setEngines(manager.engines.filter((each) => each !== engine));
  await pendingRow(manager, name, ({ State }) => State === "held");
  return engine;
}
