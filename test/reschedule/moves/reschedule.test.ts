import { expect } from "chai";
import { copies, failure, startScene } from "./support.ts";

describe("reschedule/moves/reschedule", () => {
  it("makes and starts it elsewhere, remembers the new place, and forgets the old record", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1);
    await scene.lose(1);
    await scene.mover.reschedule(scene.attempt(wanted));

    expect(copies(scene)).to.deep.equal(["node-1 running", "node-2 running"]);
    const now = scene.book.get(wanted.swarmId)!;
    expect(now.last).to.deep.include({
      node: "node-2",
      addr: scene.node(2).addr,
      engineId: scene.node(2).id,
    });
    expect(now.formerIds).to.deep.equal([wanted.last.containerId]);
    const { containers } = scene.world.cluster;
    expect([...containers.named("web")].map(({ id }) => id)).to.deep.equal([now.last.containerId]);
    expect(containers.resolve(wanted.last.containerId)?.id).to.equal(now.last.containerId);
    expect(scene.said).to.deep.equal([
      `Rescheduled container ${wanted.last.containerId} from node-1 to node-2 as ${now.last.containerId}`,
      `Container ${wanted.last.containerId} was running, starting container ${now.last.containerId}`,
    ]);
    expect(scene.announced.map(({ action, attributes: { from, to } }) => [action, from, to])).to.deep.equal([
      ["reschedule_start", "node-1", undefined],
      ["reschedule_done", "node-1", "node-2"],
    ]);
    expect(scene.world.cluster.nameTaken("web", scene.record(now.last.containerId))).to.equal(false);
  });

  it("does not start what its user had stopped", async () => {
    await using scene = await startScene();
    const wanted = await scene.run(1, { started: false });
    await scene.lose(1);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(copies(scene)).to.deep.equal(["node-1 created", "node-2 created"]);
  });

  it("says what is wrong when nothing fits, and keeps the old record", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, {
      wanted: {
        create: {
          body: { Image: "busybox", Env: ["constraint:node==node-1"] },
          query: "",
          apiVersion: "1.41",
        },
      },
    });
    await scene.lose(1);
    const text = await failure(scene.mover.reschedule(scene.attempt(wanted)));
    expect(text).to.contain("node==node-1");
    expect([...scene.world.cluster.containers.named("web")]).to.have.length(1);
    expect(scene.book.get(wanted.swarmId)).to.equal(wanted);
  });
});
