import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { inspectOn, nodeOf, refused, running } from "../support/placing.ts";
import { pruneVolumes } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

const every = ["node-1", "node-2", "node-3"];

describe("volumes", () => {
  const manager = useManager();
  const docker = (...args: readonly string[]) => succeed(manager().docker, args);
  const listed = async (...filters: readonly string[]) => {
    const names = await docker("volume", "ls", "-q", ...filters.flatMap((filter) => ["--filter", filter]));
    return names === "" ? [] : names.split("\n");
  };
  afterEach(async () => {
    await pruneVolumes(lab());
    await eventually("the manager lists no volume", async () => (await listed()).length === 0);
  });

  it("are created on every node, listed with their nodes, inspected and removed", async () => {
    expect(await docker("volume", "create", "--label", "a=1", "data")).to.equal("data");
    expect(await listed()).to.deep.equal(every.map((node) => `${node}/data`));
    expect(await listed("node=node-2", "label=a=1", "driver=local")).to.deep.equal(["node-2/data"]);
    expect(await listed("driver=other")).to.deep.equal([]);
    const unclear = await refused(manager().docker, ["volume", "inspect", "data"]);
    expect(unclear.join()).to.match(/No such volume: data/);
    expect(await docker("volume", "inspect", "-f", "{{.Name}} {{.Driver}}", "node-3/data")).to.equal(
      "data local",
    );
    await docker("volume", "rm", "node-1/data");
    expect(await listed()).to.deep.equal(["node-2/data", "node-3/data"]);
    await docker("volume", "rm", "data");
    expect(await listed()).to.deep.equal([]);
    expect((await refused(manager().docker, ["volume", "rm", "data"])).join()).to.match(
      /No such volume data/,
    );
    await docker("volume", "rm", "--force", "data");
  });

  it("go to one node, or to those of a whitelist", async () => {
    await docker("volume", "create", "node-2/one");
    const label = 'com.docker.swarm.whitelists=["node==node-1|node-3"]';
    await docker("volume", "create", "--label", label, "two");
    expect(await listed()).to.deep.equal(["node-1/two", "node-2/one", "node-3/two"]);
  });

  for (const [how, flags] of [
    ["-v", ["-v", "node-2/data:/x"]],
    ["--mount", ["--mount", "source=node-2/data,target=/x"]],
  ] as const) {
    it(`draw a container to their node with ${how}, and keep what it writes`, async () => {
      // Spread alone would go elsewhere.
      for (const _ of [1, 2]) await running(manager().docker, "-e", "constraint:node==node-2");
      const write = ["busybox", "sh", "-c", "echo kept > /x/file"];
      const id = await docker("run", "-d", ...flags, ...write);
      expect(await docker("wait", id)).to.equal("0");
      expect(await nodeOf(manager().docker, id)).to.equal("node-2");
      const { Config } = await inspectOn(lab().engine("node-2"), id);
      expect(Config.Labels["com.docker.swarm.constraints"]).to.equal('["node==node-2"]');
      expect(await docker("run", "--rm", ...flags, "busybox", "cat", "/x/file")).to.equal("kept");
      expect(await listed()).to.deep.equal(["node-2/data"]);
      expect(await listed("dangling=true")).to.deep.equal([]);
      const used = await refused(manager().docker, ["volume", "rm", "node-2/data"]);
      expect(used.join()).to.match(/^node-2: remove data: volume is in use - \[/);
    });
  }

  it("of two nodes cannot be had together", async () => {
    const flags = ["-v", "node-1/a:/a", "--mount", "source=node-2/b,target=/b"];
    const text = await refused(manager().docker, ["create", ...flags, "busybox"]);
    expect(text).to.deep.equal([
      "volume node-1/a is on node node-1 and volume node-2/b on node node-2: a container cannot have both",
    ]);
  });

  it("in use on one node are kept there and told of; the rest goes", async () => {
    await docker("volume", "create", "data");
    await running(manager().docker, "-v", "node-3/data:/x");
    const text = await refused(manager().docker, ["volume", "rm", "data"]);
    expect(text).to.have.length(1);
    expect(text[0]).to.match(/^node-3: remove data: volume is in use/);
    expect(await listed()).to.deep.equal(["node-3/data"]);
  });

  it("are pruned on every node", async () => {
    await docker("volume", "create", "data");
    await running(manager().docker, "-v", "node-1/data:/x");
    const said = await docker("volume", "prune", "--force");
    expect(said.split("\n").filter((line) => line.includes("/data"))).to.have.members([
      "node-2/data",
      "node-3/data",
    ]);
    expect(said).to.match(/Total reclaimed space: 0B/);
    expect(await listed()).to.deep.equal(["node-1/data"]);
  });

  it("show up when they are made on an engine itself, and go when they go there", async () => {
    const direct = (args: readonly string[]) => lab().engine("node-1").docker(args);
    await succeed(direct, ["volume", "create", "side"]);
    await eventually("the manager lists it", async () => (await listed()).includes("node-1/side"));
    await succeed(direct, ["volume", "rm", "side"]);
    await eventually("the manager lists it no more", async () => (await listed()).length === 0);
  });

  it("are refused in the engine's own words, with its name before them", async () => {
    const { stderr } = await lab().engine("node-1").docker(["volume", "create", "no way"]);
    const own = stderr.replace("Error response from daemon: ", "").trim();
    const text = await refused(manager().docker, ["volume", "create", "node-1/no way"]);
    expect(text).to.deep.equal([`node-1: ${own}`]);
  });
});
