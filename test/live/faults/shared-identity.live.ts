import { expect } from "chai";
import { Lab } from "../../lab/lab.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import { removeContainers, untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";
import { containersOf, nodeOf, placed } from "../support/placing.ts";

describe("one daemon listed under two addresses", () => {
  const engine = () => lab().engine("node-1");
  const second = () => `[::ffff:${engine().ip}]:2375`;
  let manager: Manager;
  let kept: readonly string[];
  before(async () => {
    // Containers of an earlier manager, which the second address would show again.
    await using earlier = await Manager.start(lab());
    const flags = ["-d", "-v", "/data", "-e", "constraint:node==node-1"];
    await succeed(earlier.docker, ["run", ...flags, "--name", "web", "busybox", "sleep", "1000"]);
    await succeed(earlier.docker, ["exec", "web", "sh", "-c", "echo precious >/data/file"]);
    await placed(earlier.docker, "--name", "stopped", "-e", "constraint:node==node-1");
    kept = await containersOf(engine());
    const addresses = [...lab().engines.map(({ addr }) => addr), second()];
    manager = await Manager.start(lab(), { ...watchful, discovery: `nodes://${addresses.join(",")}` });
  });
  after(async () => {
    await manager.stop();
    await removeContainers(lab());
  });

  it("is used at one of them; the other stays Pending and names both", async () => {
    await manager.untilNodes("four nodes, one refused", (nodes) =>
      nodes.some(({ rows }) => rows.Error?.includes("ID duplicated") === true),
    );
    const ours = (await manager.nodes()).filter(({ address }) => address.includes(engine().ip));
    expect(ours.map(({ rows }) => rows.Status)).to.have.members(["Healthy", "Pending"]);
    const { Error } = ours.find(({ rows }) => rows.Status === "Pending")!.rows;
    expect(Error).to.match(/^ID duplicated\. .* shared by this node .* and another node /);
    expect(Error).to.include(engine().addr).and.include(second());
    expect(manager.logs).to.include("ID duplicated. ");
  });

  it("loses no container and no volume, and shows each container once", async () => {
    expect(await containersOf(engine())).to.have.members([...kept]);
    const names = await succeed(manager.docker, ["ps", "-a", "--format", "{{.Names}}"]);
    expect(names.split("\n")).to.have.members(["node-1/web", "node-1/stopped"]);
    expect(await succeed(manager.docker, ["exec", "web", "cat", "/data/file"])).to.equal("precious");
  });

  it("counts once", async () => {
    expect(await manager.info()).to.include({ Containers: 2, ContainersRunning: 1 });
  });

  it("stays so when the engine was away for a while", async () => {
    try {
      await engine().refuse();
      await manager.untilNodes("the engine is unhealthy", (nodes) =>
        nodes.some(({ address, rows }) => address.includes(engine().ip) && rows.Status === "Unhealthy"),
      );
      await engine().accept();
      await manager.untilNodes("one of its addresses is healthy again", (nodes) =>
        nodes.some(({ address, rows }) => address.includes(engine().ip) && rows.Status === "Healthy"),
      );
      expect(await containersOf(engine())).to.have.members([...kept]);
      expect(await succeed(manager.docker, ["ps", "-aq"])).to.match(/^\w{12}\n\w{12}$/);
    } finally {
      await lab().recover();
    }
  });
});

describe("two machines cloned with their engine ID", () => {
  let twins: Lab;
  let manager: Manager;
  before(async () => {
    twins = await Lab.create({ engines: [{ name: "one" }, { name: "two", cloneOf: "one" }] });
    manager = await Manager.start(twins, watchful);
  });
  after(async () => {
    await manager.stop();
    await twins.dispose();
  });

  it("are both used", async () => {
    const [first, second] = [await placed(manager.docker), await placed(manager.docker)];
    expect([first, second]).to.have.members(["one", "two"]);
    for (const engine of twins.engines) expect(await containersOf(engine)).to.have.lengthOf(1);
  });

  it("are reported in docker info, with what to do", async () => {
    const { stdout, stderr } = await manager.docker(["info"]);
    const said = stdout + stderr;
    expect(said).to.match(/WARNING: .*one engine ID/);
    for (const { addr } of twins.engines) expect(said).to.include(addr);
    expect(said).to.include("key.json");
  });

  it("keep their containers apart by address", async () => {
    for (const { name, addr } of twins.engines) {
      const id = await succeed(manager.docker, [
        "create",
        "-e",
        `constraint:node==${addr}`,
        "busybox",
        "true",
      ]);
      expect(await nodeOf(manager.docker, id)).to.equal(name);
    }
  });

  it("lose nothing when one of them goes away and returns", async () => {
    const before = await Promise.all(twins.engines.map(containersOf));
    await twins.engine("two").kill();
    await untilStatus(manager, "two", "Unhealthy");
    await twins.engine("two").start();
    await untilStatus(manager, "two", "Healthy");
    expect(await Promise.all(twins.engines.map(containersOf))).to.deep.equal(before);
    const listed = await succeed(dockerAt(manager.url), ["ps", "-aq", "--no-trunc"]);
    expect(listed.split("\n")).to.have.members(before.flat());
  });
});
