import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

interface EngineUsage {
  readonly LayersSize: number;
  readonly Images: readonly { readonly Id: string; readonly Size: number; readonly SharedSize: number }[];
}

describe("docker system df", () => {
  const manager = useManager();
  const docker: Docker = (args, options) => manager().docker(args, options);
  const rows = async (): Promise<readonly (readonly string[])[]> =>
    (await succeed(docker, ["system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}"]))
      .split("\n")
      .map((line) => line.split("|"));
  const direct = async (): Promise<readonly EngineUsage[]> =>
    await Promise.all(
      lab().engines.map(
        async (engine) => JSON.parse((await engine.api("GET", "/system/df")).body) as EngineUsage,
      ),
    );
  afterEach(async () => {
    await Promise.all(lab().engines.map((engine) => engine.docker(["volume", "rm", "-f", "df-data"])));
  });

  it("adds up what all nodes use", async () => {
    await running(docker, "--name", "df-1", "-e", "constraint:node==node-1", "-v", "df-data:/x");
    await succeed(docker, ["exec", "df-1", "dd", "if=/dev/zero", "of=/y", "bs=1000", "count=100"]);
    await running(docker, "--name", "df-3", "-e", "constraint:node==node-3");
    await succeed(docker, ["create", "--name", "df-2", "-e", "constraint:node==node-2", "busybox"]);
    const usages = await direct();
    const layers = usages.reduce((sum, { LayersSize }) => sum + LayersSize, 0);
    const known = new Set(usages.flatMap(({ Images }) => Images.map(({ Id }) => Id))).size;
    const [images, containers, volumes] = await rows();
    expect(images?.slice(0, 3)).to.deep.equal(["Images", String(known), "1"]);
    expect(parseFloat(images?.[3] ?? "")).to.be.closeTo(layers / 1e6, 0.01); // "5.953MB"
    expect(containers).to.deep.equal(["Containers", "3", "2", "100kB"]);
    expect(volumes?.slice(0, 3)).to.deep.equal(["Local Volumes", "1", "1"]);
  });

  it("shows every part, with its node", async () => {
    await running(docker, "--name", "df-1", "-e", "constraint:node==node-1", "-v", "df-data:/x");
    const output = await succeed(docker, ["system", "df", "-v"]);
    expect(output).to.match(/^busybox +latest +\w{12} .* 1 *$/m);
    expect(output).to.match(/ Up .* node-1\/df-1$/m);
    expect(output).to.match(/^node-1\/df-data +1 +/m);
    expect(output).to.match(/^Build cache usage: /m);
  });

  it("takes an image for as much as all its copies", async () => {
    const answer = await fetch(`${manager().http}/v1.44/system/df`);
    const { Images } = (await answer.json()) as EngineUsage;
    const copies = (await direct()).flatMap((usage) =>
      usage.Images.filter(({ Id }) => Id === lab().busyboxId),
    );
    expect(copies).to.have.length(3);
    const merged = Images.filter(({ Id }) => Id === lab().busyboxId);
    expect(merged).to.have.length(1);
    expect(merged[0]).to.not.have.property("VirtualSize");
    for (const key of ["Size", "SharedSize"] as const)
      expect(merged[0]?.[key]).to.equal(copies.reduce((sum, copy) => sum + copy[key], 0));
  });

  it("measures only what was asked for", async () => {
    const answer = await fetch(`${manager().http}/v1.44/system/df?type=volume`);
    expect(await answer.json()).to.deep.include({
      Images: null,
      Containers: null,
      Volumes: [],
      LayersSize: 0,
    });
    expect((await fetch(`${manager().http}/v1.44/system/df?type=bogus`)).status).to.equal(400);
  });

  it("answers several clients at once", async () => {
    const outputs = await Promise.all(
      Array.from({ length: 6 }, () => succeed(docker, ["system", "df", "--format", "{{.Size}}"])),
    );
    expect(new Set(outputs).size).to.equal(1);
  });

  it("leaves out a node that is down", async () => {
    const before = await rows();
    const engine = lab().engine("node-2");
    await engine.kill();
    try {
      const after = await rows();
      expect(parseFloat(after[0]?.[3] ?? "")).to.be.closeTo((parseFloat(before[0]?.[3] ?? "") * 2) / 3, 0.01);
      const answer = await fetch(`${manager().http}/system/df`);
      expect(answer.headers.get("warning")).to.match(/^299 swarm "node-2: /);
      expect(manager().logs).to.include("a node's disk usage is left out");
    } finally {
      await engine.recover();
      await eventually("all nodes count again", async () => (await rows())[0]?.[3] === before[0]?.[3]);
    }
  });
});
