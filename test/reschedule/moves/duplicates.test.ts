import { expect } from "chai";
import type { SimContainer } from "../../../bench/fleet/index.ts";
import {
  RESCHEDULED_FROM_LABEL,
  SWARM_ID_LABEL,
  type ContainerRecord,
} from "../../../src/cluster/container-record.ts";
import { DuplicateStaysError } from "../../../src/reschedule/moves/remove-copy.ts";
import { copies, eventually, failure, startScene, type Scene } from "./support.ts";

/** A container on node 1 and the copy made in its place on node 2, both running. */
async function twoCopies(scene: Scene) {
  const wanted = await scene.run(1, { body: { Volumes: { "/data": {} } } });
  const copy: SimContainer = scene.node(2).addContainer(
    {
      name: "web",
      labels: { [SWARM_ID_LABEL]: wanted.swarmId, [RESCHEDULED_FROM_LABEL]: wanted.last.containerId },
    },
    true,
  );
  await eventually("the copy being known", () => scene.world.cluster.containers.byId(copy.id) !== undefined);
  const loser: ContainerRecord = scene.record(wanted.last.containerId);
  return { wanted, loser, winner: scene.record(copy.id), copy };
}

describe("reschedule/moves/duplicates", () => {
  it("stops the one that gives way, then removes it and keeps its volumes", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, loser, winner } = await twoCopies(scene);
    await scene.remover.duplicate(scene.attempt(wanted), loser, winner);
    expect(copies(scene)).to.deep.equal(["node-2 running"]);
    expect(scene.node(1).state.volumes.size).to.equal(1);
    const ends = ["POST /containers/:id/stop", "DELETE /containers/:id"];
    const routes = scene.node(1).requests.map(({ route }) => route);
    expect(routes.filter((route) => ends.includes(route))).to.deep.equal(ends);
    expect(scene.said).to.include(`container ${loser.id} was rescheduled on node node-2, removing it`);
    expect(scene.announced).to.have.length(1);
    expect(scene.announced[0]).to.deep.include({ action: "duplicate_removed", actorId: wanted.swarmId });
    expect(scene.world.cluster.containers.resolve("web")?.id).to.equal(winner.id);
  });

  it("removes a leftover that has been started since it was looked at", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, copy } = await twoCopies(scene);
    const { inspect, ...record } = scene.record(copy.id);
    const seen = { ...record, inspect: { ...inspect, State: { ...inspect.State, Running: false } } };
    await scene.remover.leftover(scene.attempt(wanted), wanted.swarmId, seen);
    expect(copies(scene)).to.deep.equal(["node-1 running"]);
  });

  const reasons: {
    it: string;
    spoil: (scene: Scene, copy: SimContainer) => Promise<void> | void;
    why: RegExp;
  }[] = [
    {
      it: "does not run any more",
      spoil: (scene, { id }) => scene.node(2).exitContainer(id),
      why: /does not run/,
    },
    { it: "is gone", spoil: (scene, { id }) => scene.node(2).removeContainer(id), why: /No such container/ },
    { it: "is out of reach", spoil: (scene) => scene.lose(2), why: /is out of reach/ },
  ];
  for (const { it: title, spoil, why } of reasons) {
    it(`removes nothing when the other one ${title}`, async () => {
      await using scene = await startScene({ engines: 2 });
      const { wanted, loser, winner, copy } = await twoCopies(scene);
      await spoil(scene, copy);
      const removing = scene.remover.duplicate(scene.attempt(wanted), loser, winner);
      const error: unknown = await removing.catch((thrown: unknown) => thrown);
      if (!(error instanceof DuplicateStaysError)) throw new Error("it was not refused");
      expect(error.message).to.match(why);
      expect(error.line).to.equal(
        `Failed to remove duplicate container ${loser.id} on node node-1: ${error.message}`,
      );
      expect(copies(scene)).to.include("node-1 running");
    });
  }

  it("removes nothing when the other one ends while this one is stopped", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, loser, winner, copy } = await twoCopies(scene);
    const { client } = scene.engine(1);
    const real = client.requestText.bind(client);
    client.requestText = async (call) => {
      scene.node(2).removeContainer(copy.id);
      return real(call);
    };
    await failure(scene.remover.duplicate(scene.attempt(wanted), loser, winner));
    expect(copies(scene)).to.deep.equal(["node-1 exited"]);
  });

  it("removes one that runs for the one its user has stopped", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, loser, winner, copy } = await twoCopies(scene);
    scene.node(2).exitContainer(copy.id);
    const stopped = { ...wanted, run: "stopped", last: { ...wanted.last, containerId: copy.id } } as const;
    await scene.book.put(stopped);
    await scene.remover.duplicate(scene.attempt(stopped), loser, winner);
    expect(copies(scene)).to.deep.equal(["node-2 exited"]);
  });

  it("removes nothing for a stopped one that is not the one its user has stopped", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, loser, winner, copy } = await twoCopies(scene);
    scene.node(2).exitContainer(copy.id);
    const stopped = { ...wanted, run: "stopped" } as const;
    await scene.book.put(stopped);
    expect(await failure(scene.remover.duplicate(scene.attempt(stopped), loser, winner))).to.match(
      /does not run/,
    );
    expect(copies(scene)).to.include("node-1 running");
  });

  it("never removes a container for itself", async () => {
    await using scene = await startScene({ engines: 2 });
    const { wanted, loser } = await twoCopies(scene);
    expect(await failure(scene.remover.duplicate(scene.attempt(wanted), loser, loser))).to.contain(
      "same container",
    );
    expect(copies(scene)).to.deep.equal(["node-1 running", "node-2 running"]);
  });

  for (const granted of [0, 1]) {
    it(`removes nothing when the lease is lost after ${granted} steps`, async () => {
      await using scene = await startScene({ engines: 2 });
      const { wanted, loser, winner } = await twoCopies(scene);
      scene.lease.loseAfter = granted;
      await failure(scene.remover.duplicate(scene.attempt(wanted), loser, winner));
      expect(scene.node(1).containers.has(loser.id)).to.equal(true);
    });
  }

  it("resolves the name both have to the one that was made in place of the other", async () => {
    await using scene = await startScene({ engines: 2 });
    const { winner } = await twoCopies(scene);
    expect(scene.world.cluster.containers.resolve("web")?.id).to.equal(winner.id);
  });
});
