import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { inspectOn, nodeOf, notPlaced, placed, running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("dependencies", () => {
  const manager = useManager();

  for (const node of ["node-2", "node-3"]) {
    describe(`on a container of ${node}`, () => {
      let base: string;
      beforeEach(async () => {
        const flags = [
          "--name",
          "base",
          "--hostname",
          "base-host",
          "-v",
          "/data",
          "-e",
          `constraint:node==${node}`,
        ];
        base = await running(manager().docker, ...flags);
        await succeed(manager().docker, ["exec", "base", "sh", "-c", "echo shared >/data/file"]);
      });
      const run = async (flags: readonly string[], ...command: readonly string[]) =>
        await succeed(manager().docker, ["run", "--name", "dependent", ...flags, "busybox", ...command]);
      const references = () => ["base", `${node}/base`, base.slice(0, 12), base];

      it("--volumes-from goes there and shares the volumes, however the container is named", async () => {
        for (const reference of references()) {
          expect(await run(["--volumes-from", `${reference}:ro`], "cat", "/data/file")).to.equal("shared");
          expect(await nodeOf(manager().docker, "dependent")).to.equal(node);
          await succeed(manager().docker, ["rm", "dependent"]);
        }
      });

      it("--net container: goes there and shares the network", async () => {
        const addresses = ["exec", "base", "ip", "-o", "-4", "addr", "show", "eth0"];
        const expected = await succeed(manager().docker, addresses);
        const flags = ["--net", `container:${node}/base`];
        expect(await run(flags, "ip", "-o", "-4", "addr", "show", "eth0")).to.equal(expected);
        const { HostConfig } = await inspectOn(lab().engine(node), "dependent");
        expect(HostConfig.NetworkMode).to.equal(`container:${base}`);
      });

      it("--pid container: goes there and shares the processes", async () => {
        expect(await run(["--pid", `container:${node}/base`], "ps")).to.match(/\b1 root .*sleep 1000/);
        expect(await nodeOf(manager().docker, "dependent")).to.equal(node);
      });

      it("--link goes there and resolves the alias", async () => {
        expect(await run(["--link", `${node}/base:other`], "cat", "/etc/hosts")).to.match(/\sother\b/);
        expect(await nodeOf(manager().docker, "dependent")).to.equal(node);
      });

      it("by the swarm ID goes there", async () => {
        const label = '{{index .Config.Labels "com.docker.swarm.id"}}';
        const swarmId = await succeed(manager().docker, ["inspect", "--format", label, "base"]);
        expect(await run(["--volumes-from", swarmId], "cat", "/data/file")).to.equal("shared");
      });
    });
  }

  it("on containers of different nodes are refused", async () => {
    await placed(manager().docker, "--name", "one", "-e", "constraint:node==node-1");
    await placed(manager().docker, "--name", "two", "-e", "constraint:node==node-2");
    const lines = await notPlaced(manager().docker, "--volumes-from", "one", "--link", "two:alias");
    expect(lines.slice(0, 3)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[available container slots]",
      "[--volumes-from=one --link=two:alias]",
    ]);
    expect(lines[3]).to.match(/^dependency: ruled out 3 of 3 nodes; nearest: node-1 /);
  });

  it("on a container that does not exist are refused", async () => {
    const lines = await notPlaced(manager().docker, "--net", "container:nobody");
    expect(lines.slice(1, 3)).to.deep.equal(["[available container slots]", "[--net=container:nobody]"]);
  });
});
