import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";

describe("the docker CLI, speaking an older API", () => {
  const manager = useManager();

  for (const version of ["1.24", "1.30", "1.40", "1.41", "1.45", "1.51"]) {
    describe(version, () => {
      const docker = (...args: string[]) =>
        succeed(manager().docker, args, { env: { DOCKER_API_VERSION: version } });

      it("asks about the cluster", async () => {
        expect(await docker("version", "--format", "{{.Client.APIVersion}}")).to.equal(version);
        expect(await docker("info", "--format", "{{.ServerVersion}}")).to.match(/^swarm\//);
        const images = await docker(
          "images",
          "--format",
          "{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}}",
          "--no-trunc",
        );
        expect(images).to.match(new RegExp(`^busybox:latest ${lab().busyboxId} [\\d.]+MB$`, "m"));
        expect(await docker("network", "ls", "--format", "{{.Name}}")).to.include("node-3/bridge");
        await docker("volume", "ls", "--format", "{{.Name}}");
      });

      for (const node of ["node-1", "node-3"]) {
        it(`runs, shows and removes containers on ${node}`, async () => {
          const there = ["-e", `constraint:node==${node}`];
          expect(await docker("run", "--rm", ...there, "busybox", "echo", "hello")).to.equal("hello");
          const id = await docker(
            "run",
            "-d",
            "--name",
            "web",
            "-p",
            "80",
            ...there,
            "-v",
            "data:/data",
            "busybox",
            "sleep",
            "1000",
          );
          const row = await docker(
            "ps",
            "--no-trunc",
            "--format",
            "{{.ID}} {{.Names}} {{.Image}} {{.Status}} {{.Ports}}",
          );
          expect(row).to.match(new RegExp(`^${id} ${node}/web busybox Up .* .*->80/tcp`));
          expect(await docker("inspect", "--format", "{{.Node.Name}} {{.State.Status}}", "web")).to.equal(
            `${node} running`,
          );
          expect(await docker("volume", "ls", "--format", "{{.Name}}")).to.include("data");
          expect(await docker("exec", "web", "echo", "inside")).to.equal("inside");
          expect(await docker("top", "web")).to.include("sleep 1000");
          expect(await docker("stats", "--no-stream", "--format", "{{.Name}}", "web")).to.include("web");
          await docker("rename", "web", "moved");
          await docker("kill", "moved");
          expect(await docker("wait", "moved")).to.equal("137");
          await docker("rm", "-v", "moved");
          await lab().engine(node).docker(["volume", "rm", "data"]);
        });
      }

      it("follows events", async () => {
        const since = String(Math.floor(Date.now() / 1000));
        const name = `seen-${version}`;
        await docker("create", "--name", name, "busybox");
        await docker("rm", name);
        const until = String(Math.ceil(Date.now() / 1000));
        const seen = await docker(
          "events",
          "--since",
          since,
          "--until",
          until,
          "--format",
          "{{.Type}} {{.Action}}",
        );
        expect(seen).to.include("container create");
      });
    });
  }

  it("is told what it should speak, when it does not say", async () => {
    const format = [
      "version",
      "--format",
      "{{.Client.APIVersion}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}",
    ];
    const [client, server, min] = (await succeed(manager().docker, format)).split(" ");
    expect(client).to.equal(server);
    expect(min).to.equal("1.24");
  });

  it("is told that it is too old", async () => {
    const old = { env: { DOCKER_API_VERSION: "1.23" } };
    const { code, stderr } = await manager().docker(["ps"], old);
    expect(code).to.equal(1);
    expect(stderr).to.match(/client version 1\.23 is too old\. Minimum supported API version is 1\.24/);
  });
});
