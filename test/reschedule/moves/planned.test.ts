import { expect } from "chai";
import { SWARM_ID_LABEL } from "../../../src/cluster/container-record.ts";
import { EngineUnreachableError } from "../../../src/docker/engine-client.ts";
import type { ContainerCreateBody } from "../../../src/docker/types.ts";
import type { PlannedMove, PlannedOutcome } from "../../../src/reschedule/ports.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";
import { copies, eventually, startScene, type Scene } from "./support.ts";

const START = "POST /containers/:id/start";
const STOP = "POST /containers/:id/stop";

function move(
  scene: Scene,
  wanted: WantedContainer,
  more: Partial<PlannedMove> = {},
): Promise<PlannedOutcome> {
  const record = more.record ?? scene.record(wanted.last.containerId);
  const { signal } = new AbortController();
  return scene.mover.planned(scene.attempt(wanted), { reason: "drain", signal, ...more, record });
}

const whyOf = (outcome: PlannedOutcome): string => (outcome.kind === "stays" ? outcome.why : "it moved");

/** Which of two requests came first, on whatever engines: simulated engines share a process, so creation order tells. */
function watch(scene: Scene): string[] {
  const order: string[] = [];
  for (const engine of scene.engines) {
    const push = engine.requests.push.bind(engine.requests);
    engine.requests.push = (...records) => {
      for (const { route } of records)
        if (route === START || route === STOP) order.push(`${route.split("/").at(-1)} ${engine.name}`);
      return push(...records);
    };
  }
  return order;
}

const stopFirst = { Labels: { "com.docker.swarm.move-order": "stop-first" } };

describe("reschedule/moves/planned", function () {
  this.timeout(20_000);

  it("starts the new copy first, then removes the old one", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1);
    const order = watch(scene);
    const outcome = await move(scene, wanted);
    expect(outcome.kind).to.equal("moved");
    expect(order).to.deep.equal(["start node-2", "stop node-1"]);
    expect(copies(scene)).to.deep.equal(["node-2 running"]);
    expect(scene.book.get(wanted.swarmId)?.last.node).to.equal("node-2");
    expect(scene.world.cluster.containers.resolve(wanted.last.containerId)?.engine.name).to.equal("node-2");
    expect(scene.announced.map(({ action, attributes }) => [action, attributes.reason])).to.deep.equal([
      ["reschedule_start", "drain"],
      ["reschedule_done", "drain"],
    ]);
    expect(scene.book.held).to.equal(0);
  });

  it("stops the old copy first where the label says so", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, { body: stopFirst });
    const order = watch(scene);
    await move(scene, wanted);
    expect(order).to.deep.equal(["stop node-1", "start node-2"]);
    expect(copies(scene)).to.deep.equal(["node-2 running"]);
  });

  it("goes to the node it is told", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    const outcome = await move(scene, wanted, { target: scene.engine(3) });
    expect(outcome.kind === "moved" && outcome.to.name).to.equal("node-3");
  });

  it("waits until a new copy with a health check is healthy", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1);
    const going = move(scene, wanted);
    await eventually("the new copy running", () => copies(scene).includes("node-2 running"));
    scene.node(2).setHealth("web", "starting");
    await eventually(
      "that being known",
      () =>
        scene.record([...scene.node(2).containers.keys()][0]!).inspect.State.Health?.Status === "starting",
    );
    expect(copies(scene)).to.include("node-1 running");
    scene.node(2).setHealth("web", "healthy");
    expect((await going).kind).to.equal("moved");
    expect(copies(scene)).to.deep.equal(["node-2 running"]);
  });

  const failing = [
    { it: "cannot be started", body: {}, order: "start-first" },
    { it: "cannot be started after the old one was stopped", body: stopFirst, order: "stop-first" },
  ];
  for (const { it: title, body, order } of failing) {
    it(`leaves it as it was when the new copy ${title}`, async () => {
      await using scene = await startScene({ engines: 2 });
      const wanted = await scene.run(1, { body });
      scene.node(2).failNext(START, 500, "no space left on device");
      const outcome = await move(scene, wanted);
      expect(whyOf(outcome), order).to.equal("no space left on device (on node-2)");
      expect(copies(scene)).to.deep.equal(["node-1 running"]);
      expect(scene.book.get(wanted.swarmId)).to.deep.include({
        last: wanted.last,
        formerIds: [],
        run: "running",
      });
    });
  }

  it("leaves it as it was when the new copy ends at once", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, {
      wanted: { create: { body: { Image: "busybox", Cmd: ["false"] }, query: "", apiVersion: "1.41" } },
    });
    expect(whyOf(await move(scene, wanted))).to.equal("the new copy on node-2 ended with code 1");
    expect(copies(scene)).to.deep.equal(["node-1 running"]);
  });

  it("leaves it as it was when there is no room", async () => {
    await using scene = await startScene({ engines: 1 });
    const wanted = await scene.run(1);
    expect((await move(scene, wanted)).kind).to.equal("stays");
    expect(copies(scene)).to.deep.equal(["node-1 running"]);
  });

  it("never leaves it without a running copy, whenever the lease is lost", async () => {
    let isLost = true;
    for (let granted = 0; isLost; granted++) {
      await using scene = await startScene({ engines: 2 });
      const wanted = await scene.run(1);
      scene.lease.loseAfter = granted;
      await move(scene, wanted);
      isLost = scene.lease.asked > granted;
      const after = `lease held ${granted} times`;
      expect(
        copies(scene).some((copy) => copy.endsWith("running")),
        after,
      ).to.equal(true);
      expect(scene.book.get(wanted.swarmId)?.run, after).to.equal("running");
      // The last round: the whole move, so that every step before it has been the last one once.
      if (!isLost) expect(copies(scene)).to.deep.equal(["node-2 running"]);
    }
  }).timeout(60_000);

  /** A move under way whose new copy runs and is not healthy yet. */
  async function halfWay(scene: Scene, body: ContainerCreateBody = {}) {
    const wanted = await scene.run(1, { body });
    const going = move(scene, wanted);
    await eventually("the new copy running", () => copies(scene).includes("node-2 running"));
    const [id = ""] = scene.node(2).containers.keys();
    scene.node(2).setHealth("web", "starting");
    await eventually("that being known", () => scene.record(id).inspect.State.Health?.Status === "starting");
    return { wanted, going, id };
  }

  it("keeps the new copy, whatever is wrong with it, when the old one's node is lost meanwhile", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, going, id } = await halfWay(scene);
    await scene.lose(1);
    scene.node(2).setHealth("web", "unhealthy");
    expect(whyOf(await going)).to.contain("unhealthy");
    expect(copies(scene)).to.include("node-2 running");
    expect(scene.book.get(wanted.swarmId)?.last.containerId).to.equal(id);
  });

  it("starts the old copy again when the new one's node is lost meanwhile", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, going } = await halfWay(scene, stopFirst);
    expect(copies(scene)).to.include("node-1 exited");
    await scene.lose(2);
    // The second, when the answer to the start was still on its way: that it runs was heard from its event.
    expect(whyOf(await going)).to.match(/node-2 was lost|Cannot connect to the Docker daemon at tcp:/);
    expect(copies(scene)).to.include("node-1 running");
    expect(scene.book.get(wanted.swarmId)?.last).to.deep.equal(wanted.last);
  });

  for (const { it: what, isBack, left } of [
    { it: "is lost after all", isBack: false, left: ["node-1 running", "node-2 running"] },
    { it: "answers again", isBack: true, left: ["node-1 running"] },
  ])
    it(`starts the old copy again when the new one's node cannot be reached for a moment, and ${what}`, async () => {
      await using scene = await startScene({ engines: 2 });
      const { wanted, going } = await halfWay(scene, stopFirst);
      const { client } = scene.engine(2);
      const requestText = client.requestText.bind(client);
      let tries = 0;
      client.requestText = (call) => {
        if (!call.path.endsWith("/stop") || (++tries > 1 && isBack)) return requestText(call);
        if (!isBack) void scene.lose(2);
        return Promise.reject(new EngineUnreachableError("connection refused", "ECONNREFUSED"));
      };
      scene.node(2).setHealth("web", "unhealthy");
      expect(whyOf(await going)).to.contain("unhealthy");
      expect(tries).to.be.greaterThan(0);
      expect(copies(scene)).to.deep.equal(left);
      expect(scene.book.get(wanted.swarmId)?.last).to.deep.equal(wanted.last);
    });

  it("leaves it stopped when its user stops it meanwhile", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, going, id } = await halfWay(scene);
    await scene.book.put({ ...scene.book.get(wanted.swarmId)!, run: "stopped" });
    scene.node(2).exitContainer(id);
    expect((await going).kind).to.equal("moved");
    expect(copies(scene)).to.deep.equal(["node-2 exited"]);
    expect(scene.book.get(wanted.swarmId)?.run).to.equal("stopped");
  });

  it("does not take back what its user asked for when it cannot move", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, going } = await halfWay(scene, stopFirst);
    await scene.book.put({ ...scene.book.get(wanted.swarmId)!, run: "stopped" });
    scene.node(2).setHealth("web", "unhealthy");
    expect((await going).kind).to.equal("stays");
    expect(copies(scene)).to.deep.equal(["node-1 exited"]);
    expect(scene.book.get(wanted.swarmId)).to.include({ run: "stopped", last: wanted.last });
  });

  it("does not start the old copy again when its user removes the new one meanwhile", async () => {
    await using scene = await startScene({ engines: 2 });
    const { going, id } = await halfWay(scene, stopFirst);
    scene.book.entries.clear();
    scene.node(2).removeContainer(id);
    expect((await going).kind).to.equal("stays");
    expect(copies(scene)).to.deep.equal(["node-1 exited"]);
  });

  it("keeps the old copy when the new one is gone by the time the old one has stopped", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1);
    const { client } = scene.engine(1);
    const real = client.requestText.bind(client);
    client.requestText = async (call) => {
      await scene.node(2).hangUp();
      return real(call);
    };
    await move(scene, wanted);
    expect(scene.node(1).containers.has(wanted.last.containerId)).to.equal(true);
  });

  it("leaves a container alone that only has the swarm ID of another", async () => {
    await using scene = await startScene({ engines: 3 });
    const wanted = await scene.run(1);
    const twin = scene
      .node(2)
      .addContainer({ name: "job", labels: { [SWARM_ID_LABEL]: wanted.swarmId } }, true);
    await eventually("it being known", () => scene.world.cluster.containers.byId(twin.id) !== undefined);
    expect(whyOf(await move(scene, wanted, { record: scene.record(twin.id) }))).to.equal(
      "web is another container with its swarm ID",
    );
    expect(copies(scene, "job")).to.deep.equal(["node-2 running"]);
    expect((await move(scene, wanted)).kind).to.equal("moved");
  });

  it("leaves it alone while another copy of it is there", async () => {
    await using scene = await startScene({ engines: 3 });
    const wanted = await scene.run(1);
    const other = scene
      .node(2)
      .addContainer({ name: "web", labels: { [SWARM_ID_LABEL]: wanted.swarmId } }, true);
    await eventually("it being known", () => scene.world.cluster.containers.byId(other.id) !== undefined);
    expect(whyOf(await move(scene, wanted))).to.contain("another copy of it is on node-2");
    expect(copies(scene)).to.deep.equal(["node-1 running", "node-2 running"]);
  });

  it("looks again when its turn has come", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1);
    const record = scene.record(wanted.last.containerId);
    scene.node(1).removeContainer(record.id);
    await eventually("that being known", () => scene.world.cluster.containers.byId(record.id) === undefined);
    expect(whyOf(await move(scene, wanted, { record }))).to.equal("it is not there any more");
    expect(copies(scene)).to.deep.equal([]);
  });

  it("keeps the volumes of the old copy when their owner lets it go without", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, {
      body: {
        Labels: { "com.docker.swarm.movable": "true" },
        HostConfig: { Binds: ["data:/data"] },
        Volumes: { "/x": {} },
      },
    });
    expect((await move(scene, wanted)).kind).to.equal("moved");
    expect(scene.node(1).state.volumes.size).to.equal(2);
  });
});
