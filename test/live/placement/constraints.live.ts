import { expect } from "chai";
import { lab } from "../support/fixtures.ts";
import { inspectOn, nodeOf, notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";
import { succeed } from "../support/docker-cli.ts";

describe("constraints", () => {
  const manager = useManager();
  const constrained = async (...constraints: readonly string[]) =>
    await placed(manager().docker, ...constraints.flatMap((text) => ["-e", `constraint:${text}`]));

  // prettier-ignore
  const cases = [
    { it: "follow a label",                             given: ["storage==disk"],                          nodes: ["node-2"] },
    { it: "follow a label by glob",                     given: ["region==us-w*"],                         nodes: ["node-2"] },
    { it: "follow a label by regular expression",       given: ["region==/^eu-(west|east)$/"],            nodes: ["node-3"] },
    { it: "compare without case when the regex says so", given: ["region==/(?i)EU/"],                     nodes: ["node-3"] },
    { it: "exclude by label",                           given: ["region!=us*"],                           nodes: ["node-3"] },
    { it: "accept a node without the label for !=",     given: ["storage!=/ssd|disk/"],                   nodes: ["node-3"] },
    { it: "follow a node's name",                       given: ["node==node-2"],                          nodes: ["node-2"] },
    { it: "exclude a node by name",                     given: ["node!=node-1", "region==us*"],           nodes: ["node-2"] },
    { it: "follow a node's address",                    given: ["node==*.12:2375"] ,                       nodes: ["node-2"] },
    { it: "follow a label the engine itself reports",   given: ["kernelversion==/./", "node==node-3"],    nodes: ["node-3"] },
    { it: "hold together",                              given: ["region==us*", "storage==disk"],          nodes: ["node-2"] },
    { it: "keep a soft one when it can be met",         given: ["storage==~disk"],                        nodes: ["node-2"] },
    { it: "drop a soft one when it cannot be met",      given: ["storage==~tape"],                        nodes: ["node-1", "node-2", "node-3"] },
    { it: "drop a soft one and keep the hard one",      given: ["storage==~tape", "region==eu-west"],     nodes: ["node-3"] },
  ] as const;
  for (const { it: title, given, nodes } of cases) {
    it(title, async () => {
      expect(await constrained(...given)).to.be.oneOf([...nodes]);
    });
  }

  it("come from the label as well, next to those of the environment", async () => {
    const label = 'com.docker.swarm.constraints=["region==us*"]';
    expect(await placed(manager().docker, "--label", label, "-e", "constraint:storage!=ssd")).to.equal(
      "node-2",
    );
  });

  it("about one key may be several in a label; the docker client passes on only one of the environment", async () => {
    const label = 'com.docker.swarm.constraints=["node!=node-1","node!=node-2"]';
    expect(await placed(manager().docker, "--label", label)).to.equal("node-3");
  });

  it("that no node meets are refused with the contract's lines, then a line for each rule in the way", async () => {
    // In a label: the docker client sends several variables of the environment in any order.
    const label = 'com.docker.swarm.constraints=["storage==tape","region==us*"]';
    const lines = await notPlaced(manager().docker, "--label", label);
    expect(lines.slice(0, 3)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[available container slots]",
      "[storage==tape region==us*]",
    ]);
    expect(lines.slice(3)).to.have.lengthOf(1);
    expect(lines[3]).to.match(/^constraint: ruled out 3 of 3 nodes; nearest: node-\d \(.*\)$/);
  });

  it("with a key that is none are refused", async () => {
    expect((await notPlaced(manager().docker, "-e", "constraint:1node==a")).slice(0, 3)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[available container slots]",
      "error from constraint filter: Key '1node' is invalid",
    ]);
  });
});

describe("whitelists", () => {
  const manager = useManager();
  const whitelisted = async (...lists: readonly string[]) =>
    await placed(manager().docker, ...lists.flatMap((text) => ["-e", `whitelist:node==${text}`]));

  it("admit only the nodes they name", async () => {
    const nodes = [await whitelisted("node-2|node-3"), await whitelisted("node-2|node-3")];
    expect(nodes).to.have.members(["node-2", "node-3"]);
  });

  it("intersect", async () => {
    expect(await whitelisted("node-1|node-2", "node-2|node-3")).to.equal("node-2");
  });

  it("are refused when they name no node", async () => {
    expect((await notPlaced(manager().docker, "-e", "whitelist:node==node-9")).slice(0, 3)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[available container slots]",
      "[node==node-9 (soft=false)]",
    ]);
  });
});

describe("what reaches the engine", () => {
  const manager = useManager();

  it("is the environment without the expressions, and the expressions as labels beside the swarm ID", async () => {
    // prettier-ignore
    const flags = [
      "-e", "constraint:node==node-1", "-e", "A=b", "-e", "affinity:image==busybox",
      "-e", "whitelist:node==node-1|node-2", "-e", "reschedule:on-node-failure", "-e", "X=",
      "--label", "mine=1",
    ];
    const id = await succeed(manager().docker, ["create", ...flags, "busybox", "true"]);
    const { Config } = await inspectOn(lab().engine("node-1"), id);
    const path = (entry: string) => entry.startsWith("PATH=");
    expect((Config.Env ?? []).filter((entry) => !path(entry))).to.have.members(["A=b", "X="]);
    const { "com.docker.swarm.id": swarmId, ...labels } = Config.Labels;
    expect(swarmId).to.match(/^[0-9a-f]{64}$/);
    expect(labels).to.deep.equal({
      mine: "1",
      "com.docker.swarm.affinities": '["image==busybox"]',
      "com.docker.swarm.constraints": '["node==node-1"]',
      "com.docker.swarm.whitelists": '["node==node-1|node-2"]',
      "com.docker.swarm.reschedule-policies": '["on-node-failure"]',
    });
  });

  it("is a label merged from the label given and the environment", async () => {
    const label = 'com.docker.swarm.constraints=["region==us-east"]';
    const args = ["create", "--label", label, "-e", "constraint:storage==~ssd", "busybox", "true"];
    const { Config } = await inspectOn(lab().engine("node-1"), await succeed(manager().docker, args));
    expect(Config.Labels["com.docker.swarm.constraints"]).to.equal('["region==us-east","storage==~ssd"]');
  });

  it("keeps the swarm ID a client supplies", async () => {
    const swarmId = "ab".repeat(32);
    const args = ["create", "--label", `com.docker.swarm.id=${swarmId}`, "-e", "constraint:node==node-1"];
    const id = await succeed(manager().docker, [...args, "busybox", "true"]);
    const { Config } = await inspectOn(lab().engine("node-1"), id);
    expect(Config.Labels["com.docker.swarm.id"]).to.equal(swarmId);
    expect(await succeed(manager().docker, ["inspect", "--format", "{{.Id}}", swarmId])).to.equal(id);
  });

  it("is nothing when the client asked for nothing: no constraint is added", async () => {
    const id = await succeed(manager().docker, ["create", "busybox", "true"]);
    const { Config } = await inspectOn(lab().engine(await nodeOf(manager().docker, id)), id);
    expect(Object.keys(Config.Labels)).to.deep.equal(["com.docker.swarm.id"]);
  });
});

describe("--filter", () => {
  const manager = useManager({ args: ["-f", "health", "-f", "affinity"] });

  it("leaves only the filters it names", async () => {
    const rows = (await manager().info()).SystemStatus as [string, string][];
    expect(Object.fromEntries(rows)).to.include({ Filters: "health, affinity" });
    const anchor = await placed(manager().docker, "--name", "anchor", "-e", "constraint:storage==tape");
    expect(await placed(manager().docker, "-e", "affinity:container==anchor")).to.equal(anchor);
  });
});
