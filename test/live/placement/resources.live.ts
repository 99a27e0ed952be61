import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { inspectOn, notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

const onOne = ["-e", "constraint:node==node-1"];

describe("memory and CPUs", () => {
  const manager = useManager();
  /** Of every engine: they share the machine. */
  let cpus: number;
  before(async () => {
    const { body } = await lab().engine("node-1").api("GET", "/info");
    cpus = (JSON.parse(body) as { NCPU: number }).NCPU;
  });
  const rows = async () => (await manager().nodes()).find(({ name }) => name === "node-1")!.rows;
  const nothingFits = "no resources available to schedule container";

  it("reserved by containers show in docker info, also when they do not run", async () => {
    await placed(manager().docker, "-m", "1g", ...onOne);
    await placed(manager().docker, "-m", "512m", ...onOne);
    expect(await rows())
      .to.have.property("Reserved Memory")
      .that.matches(/^1\.5 GiB \/ [\d.]+ [GT]iB$/);
    await sweep(lab(), manager());
    expect(await rows())
      .to.have.property("Reserved Memory")
      .that.matches(/^0 B \//);
  });

  it("as --cpu-shares are whole CPUs: the engine gets them in its own unit", async () => {
    const id = await succeed(manager().docker, ["create", "--cpu-shares", "1", ...onOne, "busybox", "true"]);
    const { HostConfig } = await inspectOn(lab().engine("node-1"), id);
    expect(HostConfig.CpuShares).to.equal(Math.ceil(1024 / cpus));
    expect(await rows()).to.have.property("Reserved CPUs", `1 / ${String(cpus)}`);
  });

  it("as --cpus are counted, rounded up", async () => {
    await placed(manager().docker, "--cpus", "0.5", ...onOne);
    expect(await rows()).to.have.property("Reserved CPUs", `1 / ${String(cpus)}`);
  });

  it("run out: a node takes no more than it has", async () => {
    await placed(manager().docker, "--cpu-shares", String(cpus), ...onOne);
    expect((await notPlaced(manager().docker, "--cpu-shares", "1", ...onOne))[0]).to.equal(nothingFits);
    expect(await placed(manager().docker, "--cpu-shares", "1")).to.be.oneOf(["node-2", "node-3"]);
    expect(await placed(manager().docker, ...onOne)).to.equal("node-1"); // asks for nothing
  });

  for (const [what, flags] of [
    ["memory", ["-m", "99999999999999"]],
    ["CPUs", ["--cpu-shares", "100000"]],
  ] as const) {
    it(`that no node has: too much ${what} is refused, saying what is there`, async () => {
      const [first, ...explanation] = await notPlaced(manager().docker, ...flags);
      expect(first).to.equal(nothingFits);
      expect(explanation).to.have.lengthOf(1);
      expect(explanation[0]).to.match(/^(memory|cpu): ruled out 3 of 3 nodes; nearest: node-\d \(.* free\)$/);
    });
  }

  it("are not given twice to containers that are created at the same time", async () => {
    const create = async () =>
      await manager().docker(["create", "--cpu-shares", String(cpus), "busybox", "true"]);
    const results = await Promise.all(Array.from({ length: 6 }, create));
    expect(results.filter(({ code }) => code === 0)).to.have.lengthOf(3);
    for (const { code, stderr } of results) if (code !== 0) expect(stderr).to.include(nothingFits);
  });
});

describe("overcommit", () => {
  const manager = useManager({ args: ["--cluster-opt", "swarm.overcommit=0.5"] });

  it("raises what a node is taken to have", async () => {
    const { body } = await lab().engine("node-1").api("GET", "/info");
    const { NCPU, MemTotal } = JSON.parse(body) as { NCPU: number; MemTotal: number };
    const [first] = await manager().nodes();
    expect(first!.rows).to.have.property("Reserved CPUs", `0 / ${String(NCPU + Math.floor(NCPU / 2))}`);
    const total = Number(/^0 B \/ ([\d.]+) GiB$/.exec(first!.rows["Reserved Memory"]!)![1]);
    expect(total).to.be.closeTo((MemTotal * 1.5) / 2 ** 30, 0.01);
  });
});
