import { expect } from "chai";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { clientSockets, untilStatus, untilStreamsAreGone, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { containersOf, refused } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";
import { buildContext, nodesWith, removeBuilt, RunningBuild } from "./support.ts";

const env = { DOCKER_BUILDKIT: "0" };

describe("docker build with the classic builder", () => {
  const manager = useManager(watchful);
  const build = (context: string, ...flags: readonly string[]) =>
    succeed(manager().docker, ["build", ...flags, context], { env });
  const on = (node: string) => ["--build-arg", `constraint:node==${node}`];
  const context = () =>
    buildContext({
      Dockerfile: "FROM busybox\nARG WHO=default\nCOPY file /file\nRUN cat /file && echo I am $WHO\n",
      file: "from the context\n",
    });
  afterEach(removeBuilt);

  for (const node of ["node-2", "node-3"]) {
    it(`builds on ${node}, which an argument names, and says so on every line`, async () => {
      const output = await build(context(), "-t", "built", ...on(node));
      expect(output).to.match(new RegExp(`^${node}: Step 1/4 : FROM busybox`, "m"));
      expect(output).to.match(new RegExp(`^${node}: from the context$`, "m"));
      expect(output).to.match(new RegExp(`^${node}: Successfully tagged built:latest$`, "m"));
      expect(await nodesWith("built:latest")).to.deep.equal([node]);
      expect(await succeed(manager().docker, ["images", "-q", "built"])).to.match(/^[0-9a-f]{12}$/);
    });
  }

  it("stays away from a node an argument excludes", async () => {
    await build(
      context(),
      "-t",
      "built",
      "--build-arg",
      "constraint:node!=node-1",
      ...["--build-arg", "constraint:region!=eu-west"],
    );
    expect(await nodesWith("built:latest")).to.deep.equal(["node-2"]);
  });

  it("gives other arguments to the build, and leaves those without a value to the Dockerfile", async () => {
    expect(await build(context(), ...on("node-1"), "--build-arg", "WHO=me")).to.include("I am me\n");
    expect(await build(context(), ...on("node-1"), "--build-arg", "WHO")).to.include("I am default\n");
  });

  it("prints the image ID alone with -q", async () => {
    expect(await build(context(), "-q", ...on("node-2"))).to.match(/^sha256:[0-9a-f]{64}$/);
  });

  it("leaves no intermediate containers behind", async () => {
    await build(context(), ...on("node-1"));
    expect(await containersOf(lab().engine("node-1"))).to.deep.equal([]);
  });

  it("builds from a Dockerfile on the network", async () => {
    const server = createServer((_req, res) => res.end("FROM busybox\nRUN echo from afar\n"));
    await once(server.listen(0, lab().network.gateway), "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const url = `http://${lab().network.gateway}:${String(port)}/Dockerfile`;
      expect(await build(url, ...on("node-2"))).to.include("node-2: from afar");
    } finally {
      server.close();
    }
  });

  it("refuses what no node satisfies", async () => {
    const flags = [...on("node-9"), context()];
    const lines = await refused(manager().docker, ["build", ...flags]);
    expect(lines.join("\n")).to.include("Unable to find a node that satisfies the following conditions");
  });

  it("fails as the build does", async () => {
    const folder = buildContext({ Dockerfile: "FROM busybox\nRUN exit 3\n" });
    const { code, stderr } = await manager().docker(["build", ...on("node-2"), folder], { env });
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^Failed to build image: The command '\/bin\/sh -c exit 3' returned a non-zero code: 3$/m,
    );
  });

  it("passes on what the engine refuses", async () => {
    const folder = buildContext({ Dockerfile: "NONSENSE\n" });
    const { code, stderr } = await manager().docker(["build", ...on("node-3"), folder], { env });
    expect(code).to.equal(1);
    expect(stderr).to.match(/unknown instruction: NONSENSE/i);
  });

  const slow = () => buildContext({ Dockerfile: "FROM busybox\nRUN echo begun; sleep 4321\n" });

  it("ends on the engine when it is interrupted", async () => {
    const before = await clientSockets(manager(), lab());
    await using running = new RunningBuild(manager().url, ["build", ...on("node-2"), slow()], env);
    await running.until(/^node-2: begun$/m);
    expect(await containersOf(lab().engine("node-2"))).to.have.length(1);
    running.interrupt();
    expect(await running.exitCode()).to.not.equal(0);
    await eventually(
      "the build's container is gone",
      async () => (await containersOf(lab().engine("node-2"))).length === 0,
    );
    await untilStreamsAreGone(manager(), lab(), before);
  });

  it("ends with the node's name when its engine is killed", async () => {
    const before = await clientSockets(manager(), lab());
    await using running = new RunningBuild(manager().url, ["build", ...on("node-2"), slow()], env);
    await running.until(/^node-2: begun$/m);
    await lab().engine("node-2").kill();
    expect(await running.exitCode()).to.equal(1);
    expect(running.output).to.match(/^Failed to build image: node-2: Cannot connect to the Docker daemon/m);
    await untilStreamsAreGone(manager(), lab(), before);
    await lab().recover();
    await untilStatus(manager(), "node-2", "Healthy");
  });
});
