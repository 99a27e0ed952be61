import { mkdtempSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { openStore } from "../../../src/store/open.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { nodeOf, notPlaced, placed, refused } from "../support/placing.ts";

/** Changes a node's settings and gives the node as the manager has it then. */
async function update(manager: Manager, node: string, change: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${manager.http}/cluster/nodes/${node}/update`, {
    method: "POST",
    body: JSON.stringify(change),
  });
  const text = await answer.text();
  expect(answer.status, text).to.equal(200);
  return JSON.parse(text) as Record<string, unknown>;
}

const rowsOf = async (manager: Manager, name: string) =>
  (await manager.nodes()).find((node) => node.name === name)!.rows;

describe("the availability and the labels of nodes", () => {
  let manager: Manager;
  let stateDir: string;
  before(async () => {
    stateDir = mkdtempSync(path.join(lab().folder, "state-"));
    manager = await Manager.start(lab(), { stateDir });
  });
  afterEach(async () => {
    for (const node of ["node-1", "node-2", "node-3"])
      await update(manager, node, { Availability: "active", LabelRemove: ["disk", "containerslots"] });
    await sweep(lab(), manager);
  });
  after(async () => await manager.stop());

  it("keep docker run off a paused node, and say why where no other will do", async () => {
    await update(manager, "node-1", { Availability: "pause" });
    const nodes = new Set<string>();
    for (let n = 0; n < 4; n++) {
      const id = await succeed(manager.docker, ["run", "-d", "busybox", "sleep", "1000"]);
      nodes.add(await nodeOf(manager.docker, id));
    }
    expect([...nodes].sort()).to.deep.equal(["node-2", "node-3"]);
    expect(await notPlaced(manager.docker, "-e", "constraint:node==node-1")).to.deep.equal([
      "No node that fits takes new containers: node-1 is paused",
      "constraint: ruled out 2 of 3 nodes; nearest: node-2 (node==node-1 is wanted, it is node-2)",
    ]);
    expect((await rowsOf(manager, "node-1")).Availability).to.equal("pause");
    expect(await rowsOf(manager, "node-2")).to.not.have.property("Availability");
  });

  it("leave alone what is on a paused node: it starts, stops and starts again", async () => {
    expect(await placed(manager.docker, "--name", "here", "-e", "constraint:node==node-2")).to.equal(
      "node-2",
    );
    await update(manager, "node-2", { Availability: "pause" });
    await succeed(manager.docker, ["start", "here"]);
    await succeed(manager.docker, ["restart", "-t", "0", "here"]);
    expect(await succeed(manager.docker, ["exec", "here", "echo", "works"])).to.equal("works");
  });

  it("keep builds and networks off as well", async () => {
    for (const node of ["node-1", "node-3"]) await update(manager, node, { Availability: "drain" });
    const network = "availability-net";
    await succeed(manager.docker, ["network", "create", network]);
    const { body } = await lab().engine("node-2").api("GET", `/networks/${network}`);
    expect(JSON.parse(body)).to.deep.include({ Name: network });
    await succeed(manager.docker, ["network", "rm", network]);
    expect((await refused(manager.docker, ["network", "create", "node-1/elsewhere"]))[0]).to.equal(
      "No node that fits takes new containers: node-1 is drained",
    );
  });

  it("take part in constraints as soon as they are set", async () => {
    expect((await notPlaced(manager.docker, "-e", "constraint:disk==nvme"))[2]).to.equal("[disk==nvme]");
    await update(manager, "node-3", { LabelAdd: { disk: "nvme" } });
    expect(await placed(manager.docker, "-e", "constraint:disk==nvme")).to.equal("node-3");
    expect((await rowsOf(manager, "node-3")).Labels).to.match(/(^|, )disk=nvme(,|$)/);
    await update(manager, "node-3", { LabelAdd: { containerslots: "0" } });
    expect((await notPlaced(manager.docker, "-e", "constraint:disk==nvme"))[3]).to.match(/^containerslots: /);
  });

  it("outlive a manager that is killed", async () => {
    await update(manager, "node-1", { Availability: "pause", LabelAdd: { disk: "tape" } });
    await manager.kill();
    manager = await Manager.start(lab(), { stateDir });
    const rows = await rowsOf(manager, "node-1");
    expect(rows.Availability).to.equal("pause");
    expect(rows.Labels).to.match(/(^|, )disk=tape(,|$)/);
    const nodes = [await placed(manager.docker), await placed(manager.docker)];
    expect(nodes).to.have.members(["node-2", "node-3"]);
  });
});

describe("the availability of nodes, several managers", () => {
  it("is the same for all of them", async () => {
    const { server, address } = await startEtcd(lab());
    await using _server = server;
    const uri = `etcd://${address}/swarm`;
    {
      await using store = await openStore(uri);
      for (const { addr } of lab().engines) await store.put(`docker/swarm/nodes/${addr}`, addr);
    }
    await using one = await Manager.start(lab(), { discovery: uri });
    await using two = await Manager.start(lab(), { discovery: uri });
    await update(one, "node-2", { Availability: "pause" });
    await two.untilNodes("the other manager shows it", (nodes) =>
      nodes.some(({ name, rows }) => name === "node-2" && rows.Availability === "pause"),
    );
    expect((await notPlaced(two.docker, "-e", "constraint:node==node-2"))[0]).to.equal(
      "No node that fits takes new containers: node-2 is paused",
    );
    await update(two, "node-2", { Availability: "active" });
    await one.untilNodes("the first manager shows it", (nodes) =>
      nodes.every(({ rows }) => rows.Availability === undefined),
    );
  });
});
