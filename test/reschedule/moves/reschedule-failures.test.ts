import { expect } from "chai";
import { RESCHEDULED_FROM_LABEL, SWARM_ID_LABEL } from "../../../src/cluster/container-record.ts";
import { EngineUnreachableError } from "../../../src/docker/engine-client.ts";
import { Acting } from "../../../src/reschedule/moves/acting.ts";
import { discardCopy } from "../../../src/reschedule/moves/remove-copy.ts";
import { copies, eventually, failure, startScene, type Scene } from "./support.ts";

const START = "POST /containers/:id/start";
const CREATE = "POST /containers/create";

/** Requests that change something, on all engines. */
const changes = ({ engines }: Scene): number =>
  engines.flatMap(({ requests }) => requests.filter(({ method }) => method !== "GET")).length;

/** Copies on engines that answer. */
const alive = (scene: Scene): string[] => copies(scene).filter((copy) => !copy.startsWith("node-1 "));

const onPort = {
  ExposedPorts: { "80/tcp": {} },
  HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
};

describe("reschedule/moves/reschedule, when something fails", function () {
  this.timeout(20_000);

  it("goes on elsewhere when the engine dies between create and start", async () => {
    await using scene = await startScene({
      recreate: (real) => async (order) => {
        const made = await real(order);
        if (made.engine.name === "node-2") await scene.node(2).hangUp();
        return made;
      },
    });
    const wanted = await scene.run(1);
    await scene.lose(1);
    expect(await failure(scene.mover.reschedule(scene.attempt(wanted)))).to.contain("Cannot connect");
    const between = scene.book.get(wanted.swarmId)!;
    expect(between.last.node).to.equal("node-2");
    expect(scene.book.unknownCopies.has(wanted.swarmId), "it is known what was made").to.equal(false);

    await scene.world.until(scene.node(2), "Unhealthy");
    await scene.mover.reschedule(scene.attempt(between));
    const now = scene.book.get(wanted.swarmId)!;
    expect(now.last.node).to.equal("node-3");
    expect(now.formerIds).to.deep.equal([wanted.last.containerId, between.last.containerId]);
    expect(copies(scene)).to.include("node-3 running");
    expect(scene.world.cluster.containers.resolve(wanted.last.containerId)?.id).to.equal(
      now.last.containerId,
    );
  });

  it("goes on with a copy whose create was done and never answered, though no event told of it", async () => {
    let lost = false;
    await using scene = await startScene({
      recreate: (real) => async (order) => {
        const { engine, containerId } = await real(order);
        if (lost) return { engine, containerId };
        lost = true;
        engine.cache.inventory.removeContainer(containerId);
        throw new EngineUnreachableError("the connection broke", "ECONNRESET", { addr: engine.addr });
      },
    });
    const wanted = await scene.run(1);
    await scene.lose(1);
    expect(await failure(scene.mover.reschedule(scene.attempt(wanted)))).to.equal("the connection broke");
    expect(scene.book.unknownCopies.has(wanted.swarmId)).to.equal(true);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(alive(scene)).to.deep.equal(["node-2 running"]);
  });

  it("finishes what another manager began, and never got into the book", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    const left = scene.node(3).addContainer(
      {
        name: "web",
        state: "created",
        labels: { [SWARM_ID_LABEL]: wanted.swarmId, [RESCHEDULED_FROM_LABEL]: wanted.last.containerId },
      },
      true,
    );
    await eventually(
      "the copy being known",
      () => scene.world.cluster.containers.byId(left.id) !== undefined,
    );
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(alive(scene)).to.deep.equal(["node-3 running"]);
  });

  it("takes a copy that runs under its name for the container", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    const other = scene
      .node(3)
      .addContainer({ name: "web", labels: { [SWARM_ID_LABEL]: wanted.swarmId } }, true);
    await eventually(
      "the copy being known",
      () => scene.world.cluster.containers.byId(other.id) !== undefined,
    );
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(alive(scene)).to.deep.equal(["node-3 running"]);
    expect(scene.book.get(wanted.swarmId)?.last.containerId).to.equal(other.id);
  });

  it("does not take what runs from an image that carries its swarm ID for the container", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    const other = scene
      .node(3)
      .addContainer({ name: "job", labels: { [SWARM_ID_LABEL]: wanted.swarmId } }, true);
    await eventually("it being known", () => scene.world.cluster.containers.byId(other.id) !== undefined);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(alive(scene)).to.deep.equal(["node-2 running"]);
  });

  it("starts nothing and makes nothing after the lease is lost, whenever that is, and the next attempt ends it well", async () => {
    let most = 1;
    for (let granted = 0; granted <= most; granted++) {
      await using scene = await startScene({ engines: 2 });
      const wanted = await scene.run(1, {
        wanted: { networks: { back: {} }, localNetworks: [network("back")] },
      });
      await scene.lose(1);
      const before = changes(scene);
      scene.lease.loseAfter = granted;
      const ended = await scene.mover.reschedule(scene.attempt(wanted)).then(
        () => "done",
        () => "failed",
      );
      if (ended === "failed") most = Math.max(most, granted + 1);
      // The book and a look need no lease: there are never more acts than times it was held.
      expect(changes(scene) - before, `lease held ${granted} times`).to.be.at.most(Math.max(0, granted - 1));
      scene.lease.loseAfter = Infinity;
      await scene.mover.reschedule(scene.attempt(scene.book.get(wanted.swarmId)!));
      expect(alive(scene), `lease held ${granted} times`).to.deep.equal(["node-2 running"]);
    }
    expect(most).to.be.greaterThan(4);
  });

  it("does nothing when the attempt was given up before", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    const text = await failure(
      scene.mover.reschedule(scene.attempt(wanted, AbortSignal.abort(new Error("its node is back")))),
    );
    expect(text).to.equal("given up: its node is back");
    expect(alive(scene)).to.deep.equal([]);
  });

  it("names the container that has its name", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    const other = scene.node(3).addContainer({ name: "web" }, true);
    await eventually("it being known", () => scene.world.cluster.containers.byId(other.id) !== undefined);
    const text = await failure(scene.mover.reschedule(scene.attempt(wanted)));
    expect(text).to.equal(`the name web is in use by container ${other.id} on node node-3`);
    expect(alive(scene)).to.deep.equal(["node-3 running"]);
  });

  it("removes an old copy of its own that is in the way and does not run", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1);
    await scene.lose(1);
    const old = scene
      .node(2)
      .addContainer({ name: "web", state: "exited", labels: { [SWARM_ID_LABEL]: wanted.swarmId } }, true);
    await eventually("it being known", () => scene.world.cluster.containers.byId(old.id) !== undefined);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(scene.node(2).containers.has(old.id)).to.equal(false);
    expect(alive(scene)).to.deep.equal(["node-2 running"]);
  });

  it("moves on when a host port is taken outside our sight, and leaves nothing there", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1, { body: onPort });
    scene.node(2).holdPort(8080, "process");
    await scene.lose(1);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(alive(scene)).to.deep.equal(["node-3 running"]);
    expect(scene.book.get(wanted.swarmId)?.last.node).to.equal("node-3");
  });

  it("keeps the copy, and says so, when the host port is taken wherever it may go", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1, { body: onPort });
    scene.node(2).holdPort(8080);
    scene.node(3).holdPort(8080);
    await scene.lose(1);
    expect(await failure(scene.mover.reschedule(scene.attempt(wanted)))).to.contain(
      "port is already allocated",
    );
    expect(alive(scene)).to.have.length(1);

    scene.node(2).releasePort(8080);
    scene.node(3).releasePort(8080);
    await scene.mover.reschedule(scene.attempt(scene.book.get(wanted.swarmId)!));
    expect(alive(scene).map((copy) => copy.split(" ")[1])).to.deep.equal(["running"]);
  });

  it("goes on with the same copy after a start that failed, and logs one text once", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    for (let n = 0; n < 2; n++) scene.node(2).failNext(START, 500, "cgroups: out of order");
    const text = await failure(scene.mover.reschedule(scene.attempt(wanted)));
    expect(text).to.equal("cgroups: out of order (on node-2)");
    const now = scene.book.get(wanted.swarmId)!;
    await failure(scene.mover.startInPlace(scene.attempt(now), scene.record(now.last.containerId)));
    await scene.mover.startInPlace(scene.attempt(now), scene.record(now.last.containerId));
    expect(alive(scene)).to.deep.equal(["node-2 running"]);
    expect(scene.said.filter((line) => line.startsWith("Failed to start"))).to.deep.equal([
      `Failed to start rescheduled container ${now.last.containerId}: cgroups: out of order`,
    ]);
  });

  it("tries another engine when one has failed to start it five times", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    for (let n = 0; n < 5; n++) scene.node(2).failNext(START, 500, "no space left on device");
    for (let n = 0; n < 4; n++) {
      await failure(scene.mover.reschedule(scene.attempt(scene.book.get(wanted.swarmId)!)));
      expect(alive(scene), `after ${n + 1} failures`).to.deep.equal(["node-2 created"]);
    }
    await scene.mover.reschedule(scene.attempt(scene.book.get(wanted.swarmId)!));
    expect(alive(scene)).to.deep.equal(["node-3 running"]);
  });

  it("goes where the image is when no registry has it", async () => {
    await using scene = await startScene({
      images: [["busybox", "own/app"], ["busybox"], ["busybox", "own/app"]],
    });
    const wanted = await scene.run(1, { body: { Image: "own/app" } });
    await scene.lose(1);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(alive(scene)).to.deep.equal(["node-3 running"]);
  });

  it("says that registry credentials are not stored when the image is refused", async () => {
    await using scene = await startScene({ images: [["busybox", "private/app"], ["busybox"], ["busybox"]] });
    const wanted = await scene.run(1, { body: { Image: "private/app" } });
    await scene.lose(1);
    const text = await failure(scene.mover.reschedule(scene.attempt(wanted)));
    expect(text).to.contain("pull access denied for private/app");
    expect(text).to.contain(
      "registry credentials are not stored: pull private/app on the nodes, or remove the container and create it again",
    );
    expect(alive(scene)).to.deep.equal([]);
  });

  it("leaves nothing when its user has removed it meanwhile", async () => {
    await using scene = await startScene({
      recreate: (real) => async (order) => {
        const made = await real(order);
        scene.book.entries.clear();
        return made;
      },
    });
    const wanted = await scene.run(1);
    await scene.lose(1);
    expect(await failure(scene.mover.reschedule(scene.attempt(wanted)))).to.equal(
      "container web is no longer wanted",
    );
    expect(alive(scene)).to.deep.equal([]);
  });

  it("makes it on its own node again when that has removed it", async () => {
    await using scene = await startScene({ engines: 1 });
    const wanted = await scene.run(1, { body: { HostConfig: { AutoRemove: true } } });
    scene.node(1).removeContainer(wanted.last.containerId);
    await eventually(
      "that being known",
      () => scene.world.cluster.containers.byId(wanted.last.containerId) === undefined,
    );
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(copies(scene)).to.deep.equal(["node-1 running"]);
  });

  it("keeps the volumes of a copy that ran although nobody heard of its start", async () => {
    await using scene = await startScene({ engines: 1 });
    const wanted = await scene.run(1, { body: { Volumes: { "/data": {} } }, started: false });
    const { containerId } = wanted.last;
    const seen = scene.record(containerId);
    const { client, cache } = scene.engine(1);
    await client.startContainer(`/v1.41/containers/${containerId}/start`);
    scene.node(1).exitContainer(containerId);
    cache.inventory.removeContainer(containerId);
    await discardCopy(seen, new Acting(scene.attempt(wanted)));
    expect(copies(scene)).to.deep.equal([]);
    expect(scene.node(1).state.volumes.size).to.equal(1);
  });

  it("reports a create that is refused", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    scene.node(2).failNext(CREATE, 400, "invalid CPU set");
    expect(await failure(scene.mover.reschedule(scene.attempt(wanted)))).to.equal("invalid CPU set");
  });
});

const network = (Name: string) => ({ Id: "a".repeat(64), Name, Scope: "local", Driver: "bridge" });
