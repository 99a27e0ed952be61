import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { inspectOn, nodeOf, notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("a network that only one engine has", () => {
  const manager = useManager();
  before(async () => {
    expect(await lab().engine("node-1").docker(["network", "create", "backend"])).to.include({ code: 0 });
    await eventually("the manager knows the network", async () => {
      const { stdout } = await manager().docker(["network", "ls", "--format", "{{.Name}}"]);
      return stdout.split("\n").includes("node-1/backend");
    });
  });
  after(async () => {
    await lab().engine("node-1").docker(["network", "rm", "backend"]);
  });
  beforeEach(async () => {
    // Spread alone would go elsewhere.
    for (const _ of [1, 2]) await placed(manager().docker, "-e", "constraint:node==node-1");
  });

  for (const reference of ["node-1/backend", "backend"]) {
    it(`attracts the containers that name it ${reference}`, async () => {
      const run = ["run", "-d", "--net", reference, "busybox", "sleep", "1000"];
      const id = await succeed(manager().docker, run);
      expect(await nodeOf(manager().docker, id)).to.equal("node-1");
      const { HostConfig, Config } = await inspectOn(lab().engine("node-1"), id);
      expect(HostConfig.NetworkMode).to.equal("backend");
      expect(Config.Labels["com.docker.swarm.constraints"]).to.equal('["node==~node-1"]');
    });
  }

  it("gives way to a hard constraint on another node, and the engine says what it thinks", async () => {
    const flags = ["--net", "backend", "-e", "constraint:node==node-2"];
    const { code, stderr } = await manager().docker(["run", "--rm", ...flags, "busybox", "true"]);
    expect(code).to.equal(125);
    expect(stderr).to.match(/network backend not found/i);
  });

  it("does not override other constraints", async () => {
    const lines = await notPlaced(manager().docker, "--net", "backend", "-e", "constraint:storage==tape");
    expect(lines[0]).to.equal("Unable to find a node that satisfies the following conditions ");
  });
});

describe("a network that every engine has, or none", () => {
  const manager = useManager();

  for (const mode of ["host", "none", "bridge"]) {
    it(`passes on --net ${mode} unchanged and adds no constraint`, async () => {
      const id = await succeed(manager().docker, ["create", "--net", mode, "busybox", "true"]);
      const node = await nodeOf(manager().docker, id);
      const { HostConfig, Config } = await inspectOn(lab().engine(node), id);
      expect(HostConfig.NetworkMode).to.equal(mode);
      expect(Object.keys(Config.Labels)).to.deep.equal(["com.docker.swarm.id"]);
    });
  }

  it("is left to the engine when nobody knows it", async () => {
    const { code, stderr } = await manager().docker(["run", "--net", "nonet", "busybox", "true"]);
    expect(code).to.equal(125);
    expect(stderr).to.match(/network nonet not found/i);
  });
});
