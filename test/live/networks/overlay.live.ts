import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { Lab } from "../../lab/lab.ts";
import { succeed } from "../support/docker-cli.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import type { LabEtcd } from "../../lab/stores/etcd.ts";
import { keepOverlaysIn } from "../support/etcd.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { needs } from "../support/needs.ts";
import { nodeOf, refused, running } from "../support/placing.ts";

interface Network {
  readonly Name: string;
  readonly Scope: string;
  readonly Driver: string;
  readonly Containers: Readonly<Record<string, { readonly Name: string }>>;
}

describe("networks that span engines", () => {
  needs("etcd");
  describe("by a cluster store", behaveAsOne);
});

/** Engines up to 20.10 with a cluster store, as Classic Swarm's documents set them up: their overlay networks span all of them. */
function behaveAsOne(): void {
  let lab: Lab, etcd: LabEtcd, manager: Manager;
  const docker = (...args: readonly string[]) => succeed(manager.docker, args);
  const on = (node: string) => ["-e", `constraint:node==${node}`];
  const inspect = async (reference: string): Promise<Network> =>
    (JSON.parse(await docker("network", "inspect", reference)) as [Network])[0];
  /** Names of the containers a network is said to have, each as often as it is said. */
  const attached = async (reference: string) =>
    Object.values((await inspect(reference)).Containers)
      .map(({ Name }) => Name)
      .sort();
  const listed = async () => {
    const names = await docker("network", "ls", "--format", "{{.Name}}", "--filter", "driver=overlay");
    return names === "" ? [] : names.split("\n");
  };

  before(async () => {
    lab = await Lab.create({ engines: [{ name: "node-1" }, { name: "node-2" }] });
    etcd = await startEtcd(lab, { ip: lab.network.gateway, v2: true });
    await Promise.all(lab.engines.map((engine) => keepOverlaysIn(etcd, engine)));
    manager = await Manager.start(lab, watchful);
    await docker("network", "create", "--driver", "overlay", "--subnet", "10.77.0.0/24", "shared");
  });
  afterEach(async () => await sweep(lab, manager));
  after(async () => {
    await manager.stop();
    await etcd[Symbol.asyncDispose]();
    await lab.dispose();
  });

  it("are listed once, under their bare name, and found by any node's", async () => {
    expect(await listed()).to.deep.equal(["shared"]);
    for (const reference of ["shared", "node-1/shared", "node-2/shared"]) {
      expect(await inspect(reference)).to.include({ Name: "shared", Scope: "global", Driver: "overlay" });
    }
  });

  it("connect containers of different nodes, and show them all", async () => {
    for (const [name, node] of [
      ["one", "node-1"],
      ["two", "node-2"],
    ] as const) {
      const id = await running(manager.docker, ...on(node), "--net", "shared", "--name", name);
      expect(await nodeOf(manager.docker, id)).to.equal(node);
    }
    await running(manager.docker, ...on("node-2"), "--name", "three");
    await docker("network", "connect", "--alias", "drei", "node-1/shared", "three");
    expect(await attached("shared")).to.deep.equal(["one", "three", "two"]);
    await eventually("one reaches three by its alias", async () => {
      return (await manager.docker(["exec", "one", "ping", "-c", "1", "-W", "1", "drei"])).code === 0;
    });
    const used = await refused(manager.docker, ["network", "rm", "shared"]);
    expect(used.join()).to.match(/has active endpoints/);
    await docker("network", "disconnect", "shared", "three");
    expect(await attached("node-2/shared")).to.deep.equal(["one", "two"]);
  });

  it("are what a network without a driver becomes, and go from everywhere at once", async () => {
    const answer = await fetch(`${manager.http}/v1.41/networks/create`, {
      method: "POST",
      body: JSON.stringify({ Name: "plain", IPAM: { Config: [{ Subnet: "10.77.1.0/24" }] } }),
    });
    expect(answer.status).to.equal(201);
    expect(await inspect("plain")).to.include({ Scope: "global", Driver: "overlay" });
    await docker("network", "rm", "node-2/plain");
    expect(await listed()).to.deep.equal(["shared"]);
  });

  it("are pruned once", async () => {
    await running(manager.docker, "--net", "shared");
    await docker(
      "network",
      "create",
      "-d",
      "overlay",
      "--subnet",
      "10.77.2.0/24",
      "--label",
      "spare=1",
      "spare",
    );
    const said = await docker("network", "prune", "--force", "--filter", "label=spare");
    expect(said.trim().split("\n")).to.deep.equal(["Deleted Networks:", "spare"]);
    expect(await listed()).to.deep.equal(["shared"]);
  });

  it("can be rid of a container whose node is lost, by force", async () => {
    const run = ["--stop-signal", "KILL", "--net", "shared"];
    await running(manager.docker, ...run, ...on("node-1"), "--name", "lost");
    await running(manager.docker, ...run, ...on("node-2"), "--name", "left");
    await lab.engine("node-1").kill();
    await untilStatus(manager, "node-1", "Unhealthy");
    expect(await attached("shared")).to.deep.equal(["left", "lost"]);
    const gentle = await refused(manager.docker, ["network", "disconnect", "shared", "lost"]);
    expect(gentle.join()).to.match(/Container lost running on unhealthy node node-1/);
    await docker("network", "disconnect", "--force", "shared", "lost");
    expect(await attached("shared")).to.deep.equal(["left"]);
    await lab.recover();
    await untilStatus(manager, "node-1", "Healthy");
  });
}
