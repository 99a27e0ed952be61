import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { occupyPort } from "../support/occupied-port.ts";
import { containersOf, nodeOf, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

const port = 8090;

describe("a host port held by something that is no container", () => {
  const manager = useManager();

  /** How many containers each engine has, whatever the manager thinks. */
  const counts = async () =>
    await Promise.all(lab().engines.map(async (engine) => (await containersOf(engine)).length));
  const publish = ["-p", `${String(port)}:80`];

  describe("on one node", () => {
    let held: AsyncDisposable;
    before(async () => (held = await occupyPort(lab(), [lab().engine("node-1")], port)));
    after(async () => await held[Symbol.asyncDispose]());
    // Both are empty, and equal nodes are taken by name.
    const flags = ["--rm", ...publish, "-e", "constraint:region==us*"];

    it("does not lose what a container prints that is to be removed", async () => {
      const result = await manager().docker(["run", ...flags, "busybox", "sh", "-c", "echo out; exit 3"]);
      expect(result).to.include({ code: 3, stdout: "out\n", stderr: "" });
      await eventually("nothing is left", async () => (await counts()).every((count) => count === 0));
    });

    it("does not keep input from a container that is to be removed", async () => {
      const options = { input: "given", timeoutMs: 10_000 };
      const result = await manager().docker(["run", "-i", ...flags, "busybox", "cat"], options);
      expect(result).to.include({ code: 0, stdout: "given", stderr: "" });
    });
  });

  describe("on all nodes but one", () => {
    let held: AsyncDisposable;
    before(async () => {
      held = await occupyPort(lab(), [lab().engine("node-1"), lab().engine("node-2")], port);
    });
    after(async () => await held[Symbol.asyncDispose]());

    it("sends a detached container to the free one, and the printed ID keeps working", async () => {
      const command = ["busybox", "sh", "-c", "echo here; sleep 1000"];
      const id = await succeed(manager().docker, ["run", "-d", "--name", "web", ...publish, ...command]);
      expect(await nodeOf(manager().docker, id)).to.equal("node-3");
      expect(await succeed(manager().docker, ["inspect", "-f", "{{.Name}} {{.State.Status}}", id])).to.match(
        /web running$/,
      );
      expect(
        await succeed(manager().docker, ["inspect", "-f", "{{.State.Status}}", id.slice(0, 12)]),
      ).to.equal("running");
      await eventually(
        "its output is there",
        async () => (await manager().docker(["logs", id])).stdout === "here\n",
      );
      expect(await succeed(manager().docker, ["exec", id, "echo", "inside"])).to.equal("inside");
      expect(await succeed(manager().docker, ["port", "web", "80"])).to.match(new RegExp(`:${String(port)}`));
      expect(await counts()).to.deep.equal([0, 0, 1]);
      await succeed(manager().docker, ["rm", "-f", id]);
      expect(await counts()).to.deep.equal([0, 0, 0]);
    });

    it("does not show in what a foreground container prints, or in its exit code", async () => {
      const command = ["busybox", "sh", "-c", "echo out; echo err >&2; exit 7"];
      const { code, stdout, stderr } = await manager().docker([
        "run",
        "--name",
        "web",
        ...publish,
        ...command,
      ]);
      expect({ code, stdout, stderr }).to.deep.equal({ code: 7, stdout: "out\n", stderr: "err\n" });
      expect(await nodeOf(manager().docker, "web")).to.equal("node-3");
      expect(await counts()).to.deep.equal([0, 0, 1]);
    });

    it("does not keep input from a foreground container, with or without --rm", async () => {
      const options = { input: "given", timeoutMs: 10_000 };
      for (const flags of [[], ["--rm"]]) {
        const run = ["run", "-i", ...flags, ...publish, "busybox", "cat"];
        const { code, stdout, stderr } = await manager().docker(run, options);
        expect({ code, stdout, stderr }, flags.join()).to.deep.equal({
          code: 0,
          stdout: "given",
          stderr: "",
        });
        await sweep(lab(), manager()); // the port is free again
      }
    });

    it("does not confuse run --rm", async () => {
      const result = await manager().docker([
        "run",
        "--rm",
        ...publish,
        "busybox",
        "sh",
        "-c",
        "echo out; exit 3",
      ]);
      expect(result).to.include({ code: 3, stdout: "out\n", stderr: "" });
      await eventually("nothing is left", async () => (await counts()).every((count) => count === 0));
    });

    it("sends a container on that was created first and started later", async () => {
      const id = await succeed(manager().docker, [
        "create",
        "--name",
        "web",
        ...publish,
        "busybox",
        "sleep",
        "1000",
      ]);
      await succeed(manager().docker, ["start", id]);
      expect(await nodeOf(manager().docker, "web")).to.equal("node-3");
      expect(await counts()).to.deep.equal([0, 0, 1]);
    });

    it("is an error when a constraint allows no other node", async () => {
      const flags = ["--rm", ...publish, "-e", "constraint:node==node-1"];
      const { code, stderr } = await manager().docker(["run", ...flags, "busybox", "true"]);
      expect(code).to.equal(125);
      expect(stderr)
        .to.match(/address already in use|port is already allocated/)
        .and.include("node-1");
      await eventually("nothing is left", async () => (await counts()).every((count) => count === 0));
    });

    it("does not move a container away from what it depends on", async () => {
      await placed(manager().docker, "--name", "base", "-e", "constraint:node==node-2");
      const flags = ["--volumes-from", "base", ...publish];
      const { code, stderr } = await manager().docker(["run", "--rm", ...flags, "busybox", "true"]);
      expect(code).to.equal(125);
      expect(stderr).to.include("node-2");
      await eventually("only the other is left", async () => String(await counts()) === "0,1,0");
    });
  });

  describe("on all nodes", () => {
    let held: AsyncDisposable;
    before(async () => (held = await occupyPort(lab(), lab().engines, port)));
    after(async () => await held[Symbol.asyncDispose]());

    it("is an error that names each node, and leaves what Docker leaves: one container, not started", async () => {
      const { code, stderr } = await manager().docker([
        "run",
        "-d",
        "--name",
        "web",
        ...publish,
        "busybox",
        "true",
      ]);
      expect(code).to.equal(125);
      for (const { name } of lab().engines) expect(stderr).to.include(name);
      const rows = await succeed(manager().docker, ["ps", "-a", "--format", "{{.Names}} {{.Status}}"]);
      expect(rows).to.match(/^node-\d\/web Created$/);
      expect((await counts()).reduce((sum, count) => sum + count)).to.equal(1);
    });

    it("leaves nothing of a container that was to be removed", async () => {
      const { code, stderr } = await manager().docker(["run", "--rm", ...publish, "busybox", "true"]);
      expect(code).to.equal(125);
      for (const { name } of lab().engines) expect(stderr).to.include(name);
      await eventually("nothing is left", async () => (await counts()).every((count) => count === 0));
    });
  });
});
