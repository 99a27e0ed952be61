import { expect } from "chai";
import { pino } from "pino";
import type { SimulatedEngine } from "../../../bench/fleet/index.ts";
import type { NetworkSummary } from "../../../src/docker/types.ts";
import { Acting } from "../../../src/reschedule/moves/acting.ts";
import { releaseEndpoints } from "../../../src/reschedule/moves/release-endpoints.ts";
import { copies, failure, startScene, type Scene } from "./support.ts";

/** Gives an engine a network behind everybody's back. */
async function addNetwork(
  scene: Scene,
  on: number,
  name: string,
  scope: string,
  id = "f".repeat(64),
): Promise<void> {
  const network = {
    ...{ id, name, driver: scope === "local" ? "bridge" : "overlay", scope, createdMs: 0, internal: false },
    ...{ attachable: true, labels: {}, options: {}, ipam: {} },
  };
  scene.node(on).state.networks.set(id, network);
  await scene.engine(on).cache.refreshNetworks();
}

const bodiesOf = ({ requests }: SimulatedEngine, route: string): string[] =>
  requests.filter((request) => request.route === route).map(({ url }) => url);

const DISCONNECT = "POST /networks/:id/disconnect";
const CONNECT = "POST /networks/:id/connect";

const createIn = (NetworkMode: string) => ({
  body: { Image: "busybox", Cmd: ["sleep", "infinity"], HostConfig: { NetworkMode } },
  query: "",
  apiVersion: "1.41",
});

const summary = (Name: string, more: Partial<NetworkSummary> = {}): NetworkSummary => ({
  ...{ Id: "a".repeat(64), Name, Scope: "local", Driver: "bridge", Labels: { tier: "back" }, Internal: true },
  ...{ Options: { "com.docker.network.driver.mtu": "1400" }, IPAM: { Config: [{ Subnet: "10.9.0.0/24" }] } },
  ...more,
});

describe("reschedule/moves, networks", () => {
  it("puts the new copy in all its networks before it starts", async () => {
    await using scene = await startScene({ engines: 2 });
    for (const [n, name] of ["front", "back"].entries())
      await addNetwork(scene, 2, name, "global", `${n}`.repeat(64));
    const wanted = await scene.run(1, {
      wanted: {
        networks: { front: { Aliases: ["site"] }, back: { Aliases: ["api"] } },
        create: createIn("front"),
      },
    });
    await scene.lose(1);
    const { client } = scene.engine(2);
    const ask = client.requestText.bind(client);
    client.requestText = async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ask(call);
    };
    await scene.mover.reschedule(scene.attempt(wanted));
    const [copy] = [...scene.node(2).containers.values()];
    expect(copy?.endpoints.map(({ network, aliases }) => [network, aliases])).to.deep.equal([
      ["front", ["site"]],
      ["back", ["api"]],
    ]);
    expect(scene.said.filter((line) => line.startsWith("Failed"))).to.deep.equal([]);
    const steps = [CONNECT, "POST /containers/:id/start"];
    const order = scene.node(2).requests.map(({ route }) => route);
    expect(order.filter((route) => steps.includes(route))).to.deep.equal(steps);
  });

  it("takes away an endpoint that is there", async () => {
    await using scene = await startScene({ engines: 1 });
    await addNetwork(scene, 1, "ov", "global");
    // What simulated engines have for an endpoint without a container.
    const left = scene.node(1).addContainer({ name: "ghost", hostConfig: { NetworkMode: "ov" } });
    const { term, signal } = scene.attempt(await scene.run(1));
    const said: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void said.push(line) });
    const old = { name: "", id: "ghost", networks: ["ov"] };
    const kept = await releaseEndpoints(
      { cluster: scene.world.cluster, log },
      old,
      new Acting({ term, signal }),
    );
    expect([left.endpoints, [...kept], said]).to.deep.equal([[], [], []]);
  });

  it("takes the old endpoints away by name and ID, through another engine when one fails", async () => {
    await using scene = await startScene();
    await addNetwork(scene, 2, "ov", "global");
    await addNetwork(scene, 3, "ov", "global");
    const wanted = await scene.run(1, {
      wanted: { networks: { ov: { IPAMConfig: { IPv4Address: "10.0.0.9" } } } },
    });
    await scene.lose(1);
    scene.node(2).failNext(DISCONNECT, 500, "context deadline exceeded");
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(bodiesOf(scene.node(2), DISCONNECT)).to.have.length(1);
    expect(bodiesOf(scene.node(3), DISCONNECT)).to.have.length(2);
    expect(scene.said.filter((line) => line.includes("endpoint"))).to.deep.equal([]);
  });

  it("warns, and does without the old address, when no engine takes the old endpoint away", async () => {
    const seen: unknown[] = [];
    await using scene = await startScene({
      recreate: (real) => (order) => {
        seen.push(order.body.NetworkingConfig?.EndpointsConfig);
        return real(order);
      },
    });
    await addNetwork(scene, 2, "ov", "global");
    const wanted = await scene.run(1, {
      wanted: { networks: { ov: { IPAMConfig: { IPv4Address: "10.0.0.9" } } } },
    });
    await scene.lose(1);
    scene.node(2).failNext(DISCONNECT, 500, "context deadline exceeded");
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(scene.said).to.include(
      "Failed to remove network endpoint from old container web: context deadline exceeded",
    );
    expect(seen).to.deep.equal([{ ov: {} }]);
  });

  it("takes the endpoint away again when the start finds it there", async () => {
    await using scene = await startScene();
    await addNetwork(scene, 2, "ov", "global");
    await addNetwork(scene, 3, "ov", "global");
    const wanted = await scene.run(1, { wanted: { networks: { ov: {} } } });
    await scene.lose(1);
    scene
      .node(2)
      .failNext("POST /containers/:id/start", 403, "endpoint with name web already exists in network ov");
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(copies(scene)).to.include("node-2 running");
    // Not through the engine that has the new copy: there the name means that one.
    expect(bodiesOf(scene.node(2), DISCONNECT)).to.have.length(2);
    expect(bodiesOf(scene.node(3), DISCONNECT)).to.have.length(2);
  });

  it("warns when a network cannot be connected, and starts all the same", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, { wanted: { networks: { gone: {} } } });
    await scene.lose(1);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(scene.said).to.include("Failed to connect network gone to container web: network gone not found");
    expect(copies(scene)).to.include("node-2 running");
  });

  it("makes a network anew that only the lost engine had, and what moves along goes there too", async () => {
    await using scene = await startScene();
    const networks = { back: {} };
    const create = createIn("back");
    const wanted = ["web", "db", "cache"].map((name, n) => ({
      name,
      wanted: { swarmId: `${n + 6}`.repeat(64), networks, localNetworks: [summary("back")], create },
    }));
    const all = [];
    for (const each of wanted) all.push(await scene.run(1, each));
    await scene.lose(1);
    await Promise.all(all.map((each) => scene.mover.reschedule(scene.attempt(each))));
    const made = scene.engines
      .slice(1)
      .flatMap((engine) => [...engine.state.networks.values()].filter(({ name }) => name === "back"));
    expect(made).to.have.length(1);
    expect(made[0]).to.deep.include({ driver: "bridge", internal: true, labels: { tier: "back" } });
    expect(made[0]?.options).to.deep.equal({ "com.docker.network.driver.mtu": "1400" });
    expect(made[0]?.ipam).to.deep.equal({ Config: [{ Subnet: "10.9.0.0/24" }] });
    const places = all.map(({ swarmId }) => scene.book.get(swarmId)?.last.node);
    expect(new Set(places).size).to.equal(1);
  });

  it("lets the engine choose addresses when those of the lost network are in use there", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, {
      wanted: { networks: { back: {} }, localNetworks: [summary("back")] },
    });
    await scene.lose(1);
    scene
      .node(2)
      .failNext("POST /networks/create", 403, "Pool overlaps with other one on this address space");
    await scene.mover.reschedule(scene.attempt(wanted));
    const made = [...scene.node(2).state.networks.values()].find(({ name }) => name === "back");
    expect(made?.ipam).to.deep.include({ Config: [{ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }] });
  });

  it("says so instead when the container has a fixed address there", async () => {
    await using scene = await startScene({ engines: 2 });
    const wanted = await scene.run(1, {
      wanted: {
        networks: { back: { IPAMConfig: { IPv4Address: "10.9.0.5" } } },
        localNetworks: [summary("back")],
      },
    });
    await scene.lose(1);
    scene
      .node(2)
      .failNext("POST /networks/create", 403, "Pool overlaps with other one on this address space");
    expect(await failure(scene.mover.reschedule(scene.attempt(wanted)))).to.contain("Pool overlaps");
    expect(copies(scene)).to.deep.equal(["node-1 running"]);
  });

  it("is not tied to a network of the lost engine that others have, each its own", async () => {
    await using scene = await startScene();
    await addNetwork(scene, 1, "back", "local", "1".repeat(64));
    await addNetwork(scene, 3, "back", "local", "3".repeat(64));
    const create = createIn("back");
    const wanted = await scene.run(1, {
      wanted: { networks: { back: {} }, localNetworks: [summary("back")], create },
    });
    await scene.lose(1);
    await scene.mover.reschedule(scene.attempt(wanted));
    expect(copies(scene)).to.deep.equal(["node-1 running", "node-3 running"]);
  });
});
