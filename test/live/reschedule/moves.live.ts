import { mkdtempSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { eventsSoFar } from "../support/events.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { keptIn } from "../support/kept.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { containersOf, nodeOf } from "../support/placing.ts";
import { pruneNetworks } from "../support/unused.ts";

const movable = ["-l", "com.docker.swarm.movable=true"];
const onNode2 = ["-e", "constraint:node==~node-2"];
const sleeps = ["busybox", "sleep", "1000"];

describe("moves", () => {
  let manager: Manager;
  let stateDir: string;
  const docker = (...args: readonly string[]) => succeed(manager.docker, args);
  const hostnameOf = (name: string) => docker("exec", name, "hostname");
  before(async () => {
    stateDir = mkdtempSync(path.join(lab().folder, "state-"));
    manager = await Manager.start(lab(), { ...watchful, stateDir });
  });
  afterEach(async () => {
    await lab().recover();
    await update("node-2", { Availability: "active" });
    await sweep(lab(), manager);
    await pruneNetworks(lab());
  });
  after(async () => await manager.stop());

  async function update(node: string, change: object): Promise<void> {
    const answer = await fetch(`${manager.http}/cluster/nodes/${node}/update`, {
      method: "POST",
      body: JSON.stringify(change),
    });
    expect(answer.status, await answer.text()).to.equal(200);
  }

  /** Runs a container on node 2, drains that node, and gives the order of what happened to the two copies. */
  async function drained(name: string, ...flags: readonly string[]): Promise<string[]> {
    const id = await docker(
      "run",
      "-d",
      "--stop-timeout",
      "1",
      "--name",
      name,
      ...onNode2,
      ...movable,
      ...flags,
      ...sleeps,
    );
    expect(await nodeOf(manager.docker, name)).to.equal("node-2");
    await update("node-2", { Availability: "drain" });
    await eventually(
      "the old copy is gone",
      async () => !(await containersOf(lab().engine("node-2"))).includes(id),
      20_000,
    );
    expect(await nodeOf(manager.docker, name)).to.not.equal("node-2");
    expect(await docker("inspect", "--format", "{{.State.Status}} {{.Name}}", id)).to.equal(
      `running /${name}`,
    );
    expect(await hostnameOf(name)).to.not.equal(id.slice(0, 12));
    const events = await eventsSoFar(manager.docker, `container=${name}`);
    return events
      .filter(({ Action }) => ["start", "die", "destroy"].includes(Action))
      .map(({ Action, Actor }) => `${Action} ${Actor.ID === id ? "old" : "new"}`);
  }

  it("start the new copy before the old one stops", async () => {
    expect(await drained("first")).to.deep.equal(["start old", "start new", "die old", "destroy old"]);
  });

  it("stop the old copy first where its label says so", async () => {
    const order = await drained("second", "-l", "com.docker.swarm.move-order=stop-first");
    expect(order).to.deep.equal(["start old", "die old", "start new", "destroy old"]);
  });

  it("make a network anew that only the dead node had, and take its containers there together", async () => {
    await docker("network", "create", "--label", "tier=back", "--subnet", "10.213.7.0/24", "node-2/back");
    const join = ["--network", "back", "-e", "reschedule:on-node-failure", "--stop-signal", "KILL"];
    const ids = new Map<string, string>();
    for (const name of ["web", "db"]) {
      ids.set(
        name,
        await docker("run", "-d", "--name", name, "--network-alias", `the-${name}`, ...join, ...sleeps),
      );
      expect(await nodeOf(manager.docker, name)).to.equal("node-2");
    }
    await docker("network", "create", "node-2/more");
    await docker("network", "connect", "--alias", "extra", "node-2/more", "web");
    const networksKept = (name: string) => {
      const { networks = {}, localNetworks = [] } = keptIn(stateDir).get(name)?.detail ?? {};
      return [Object.keys(networks), localNetworks.map(({ Name }) => Name)].map((names) =>
        names.sort().join(),
      );
    };
    await eventually(
      "the manager has read what it will need",
      () => [networksKept("web"), networksKept("db")].flat().join(" ") === "back,more back,more back back",
    );
    await lab().engine("node-2").kill();
    await untilStatus(manager, "node-2", "Unhealthy");
    const nodes = async () => await Promise.all(["web", "db"].map((name) => nodeOf(manager.docker, name)));
    await eventually(
      "both run elsewhere",
      async () => {
        const listed = await docker("ps", "--format", "{{.Names}}");
        return listed.split("\n").length === 2 && !(await nodes()).includes("node-2");
      },
      20_000,
    );
    const [web, db] = await nodes();
    expect(web).to.equal(db);
    expect(
      await docker(
        "network",
        "inspect",
        "--format",
        "{{.Labels.tier}} {{(index .IPAM.Config 0).Subnet}}",
        `${web}/back`,
      ),
    ).to.equal("back 10.213.7.0/24");
    expect(await docker("exec", "web", "ping", "-c1", "-W2", "the-db")).to.include("1 packets received");
    expect(await docker("exec", "db", "ping", "-c1", "-W2", "the-web")).to.include("1 packets received");
    const networks = await docker(
      "inspect",
      "--format",
      "{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}",
      "web",
    );
    expect(networks.trim().split(" ").sort()).to.deep.equal(["back", "more"]);
    expect(await hostnameOf("web")).to.not.equal(ids.get("web")?.slice(0, 12));
    expect(await docker("inspect", "--format", "{{.Name}}", ids.get("web") ?? "")).to.equal("/web");
  });
});
