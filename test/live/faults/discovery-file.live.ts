import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { removeContainers, untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";
import { containersOf, nodeOf, notPlaced, placed } from "../support/placing.ts";
import { Session } from "../support/session.ts";

describe("a discovery file that changes while the manager runs", () => {
  let folder: string, file: string;
  let manager: Manager;
  let events: Session;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "swarm-live-"));
    file = path.join(folder, "cluster");
    await writeFile(file, lines("node-1"));
    manager = await Manager.start(lab(), { ...watchful, discovery: `file://${file}`, healthyNodes: 1 });
    events = Session.start(manager.url, ["events"]);
    await eventually("the events are listened to", async () => (await manager.info()).NEventsListener === 1);
  });
  after(async () => {
    await events.kill();
    await manager.stop();
    await removeContainers(lab());
    await rm(folder, { recursive: true });
  });
  const lines = (...names: readonly string[]) => names.map((name) => `${lab().engine(name).addr}\n`).join("");
  const names = async () => (await manager.nodes()).map(({ name }) => name);

  it("begins with the engines that are in it", async () => {
    expect(await names()).to.deep.equal(["node-1"]);
    expect((await notPlaced(manager.docker, "-e", "constraint:node==node-2"))[2]).to.equal("[node==node-2]");
  });

  it("adds an engine when it is replaced", async () => {
    await writeFile(`${file}.new`, `# two now\n${lines("node-1", "node-2")}`);
    await rename(`${file}.new`, file);
    await untilStatus(manager, "node-2", "Healthy");
    await events.until(/engine_connect .*node-2/);
    await succeed(manager.docker, [
      "create",
      "--name",
      "web",
      "-e",
      "constraint:node==node-2",
      "busybox",
      "true",
    ]);
    expect(await nodeOf(manager.docker, "web")).to.equal("node-2");
  });

  it("adds an engine when it is edited in place", async () => {
    await writeFile(file, lines("node-1", "node-2", "node-3"));
    await untilStatus(manager, "node-3", "Healthy");
    expect(await placed(manager.docker, "-e", "constraint:node==node-3")).to.equal("node-3");
  });

  it("keeps an engine whose line only moved", async () => {
    await writeFile(file, `\n# another order\n${lines("node-3", "node-1", "node-2")}`);
    await writeFile(`${file}.new`, `${lines("node-2", "node-3", "node-1")}no address\n`);
    await rename(`${file}.new`, file);
    await eventually("the last change is seen", () => manager.logs.includes("no address"));
    expect(await names()).to.deep.equal(["node-1", "node-2", "node-3"]);
    expect(events.output).to.not.include("engine_disconnect");
  });

  it("removes an engine from the cluster, and nothing from the engine", async () => {
    const kept = await containersOf(lab().engine("node-2"));
    await writeFile(file, lines("node-1", "node-3"));
    await manager.untilNodes("node-2 is gone", (nodes) => nodes.every(({ name }) => name !== "node-2"));
    await events.until(/engine_disconnect .*node-2/);
    expect(await succeed(manager.docker, ["ps", "-a", "--format", "{{.Names}}"])).to.not.include("web");
    const { stderr } = await manager.docker(["inspect", "--type", "container", "web"]);
    expect(stderr).to.include("No such container: web");
    expect(await containersOf(lab().engine("node-2"))).to.deep.equal(kept);
  });

  it("takes an engine back with what it has", async () => {
    await writeFile(file, lines("node-1", "node-2", "node-3"));
    await untilStatus(manager, "node-2", "Healthy");
    expect(await nodeOf(manager.docker, "web")).to.equal("node-2");
  });

  it("changes nothing when it is removed, and counts again when it is back", async () => {
    await rm(file);
    await eventually("the loss is in the log", () => /Discovery error: .*cluster/.test(manager.logs));
    expect(await names()).to.deep.equal(["node-1", "node-2", "node-3"]);
    expect(await placed(manager.docker)).to.be.oneOf(["node-1", "node-2", "node-3"]);
    await writeFile(file, lines("node-1", "node-2"));
    await manager.untilNodes("node-3 is gone", (nodes) => nodes.length === 2);
  });

  it("may name an engine that does not answer yet", async () => {
    await lab().engine("node-3").refuse();
    try {
      await writeFile(file, lines("node-1", "node-2", "node-3"));
      const pending = async () => (await manager.nodes()).find(({ rows }) => rows.Status === "Pending");
      const node = await eventually("the engine is pending, with a reason", async () => {
        const found = await pending();
        return found?.rows.Error === undefined ? undefined : found;
      });
      expect([node.name, node.address]).to.deep.equal(["(unknown)", lab().engine("node-3").addr]);
      expect(node.rows.Error).to.include("Cannot connect to the Docker daemon");
      await lab().engine("node-3").accept();
      await untilStatus(manager, "node-3", "Healthy");
    } finally {
      await lab().recover();
    }
  });
});
