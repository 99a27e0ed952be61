import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { buildContext, nodesWith, removeBuilt } from "../build/support.ts";
import { clientConfig, type ClientConfig } from "../support/client-config.ts";
import { composeV2, done, leftovers } from "../support/compose.ts";
import { succeed } from "../support/docker-cli.ts";
import { watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { running } from "../support/placing.ts";
import { Session } from "../support/session.ts";
import { leavesNothing } from "../support/unused.ts";
import { usePair } from "./relay-support.ts";

describe("docker through a replica", () => {
  const { primary, replica } = usePair(() => ({ args: watchful.args ?? [] }));
  leavesNothing();
  let config: ClientConfig;
  before(async () => (config = await clientConfig()));
  after(() => config[Symbol.dispose]());
  afterEach(removeBuilt);
  const ask = async (...args: string[]) => await succeed(replica().docker, args);

  it("docker info is the replica's own, and names the primary", async () => {
    expect(await ask("info")).to.match(
      new RegExp(`^ ?Role: replica\\n ?Primary: ${primary().address}$`, "m"),
    );
  });

  it("docker run gives its output and its exit code, and --rm removes it", async () => {
    const { code, stdout, stderr } = await replica().docker([
      "run",
      "--rm",
      "busybox",
      "sh",
      "-c",
      "echo out; echo err >&2; exit 3",
    ]);
    expect([code, stdout, stderr]).to.deep.equal([3, "out\n", "err\n"]);
    expect(await ask("ps", "-aq")).to.equal("");
  });

  it("docker run -i passes its input on, and its end", async () => {
    const { code, stdout } = await replica().docker(
      ["run", "-i", "--rm", "busybox", "sh", "-c", "cat; echo done"],
      { input: "typed\n" },
    );
    expect([code, stdout]).to.deep.equal([0, "typed\ndone\n"]);
  });

  it("docker exec -i and attach talk to what runs", async () => {
    await running(replica().docker, "--name", "box");
    expect(await succeed(replica().docker, ["exec", "-i", "box", "cat"], { input: "in and out" })).to.equal(
      "in and out",
    );
    await ask("run", "-d", "-i", "--name", "cat", "busybox", "cat");
    await using session = Session.start(replica().url, ["attach", "cat"]);
    session.write("hello\n");
    await session.until("hello");
    session.write("again\n");
    await session.until("again");
  });

  it("docker logs -f and events come as they happen, and end with the client", async () => {
    await using events = Session.start(replica().url, [
      "events",
      "--format",
      "{{.Action}} {{.Actor.Attributes.name}}",
    ]);
    await ask("run", "-d", "--name", "talks", "busybox", "sh", "-c", "echo first; read x; echo never");
    await events.until("start talks");
    await using logs = Session.start(replica().url, ["logs", "-f", "talks"]);
    await logs.until("first");
    await ask("rm", "-f", "talks");
    await events.until("destroy talks");
    expect(await logs.exitCode()).to.equal(0);
  });

  it("docker cp copies both ways", async () => {
    await running(replica().docker, "--name", "box");
    const folder = mkdtempSync(path.join(lab().folder, "relay-"));
    const [there, back] = [path.join(folder, "in"), path.join(folder, "out")];
    const content = Buffer.alloc(4 << 20, "swarm");
    writeFileSync(there, content);
    await ask("cp", there, "box:/tmp/there");
    await ask("cp", "box:/tmp/there", back);
    expect(readFileSync(back).equals(content)).to.equal(true);
  });

  it("docker save and load carry an image", async () => {
    const file = path.join(mkdtempSync(path.join(lab().folder, "relay-")), "image.tar");
    await ask("save", "-o", file, "busybox");
    expect(await ask("load", "-i", file)).to.match(/Loaded image: busybox:latest/);
  });

  for (const [builder, env] of [
    ["BuildKit", {}],
    ["the classic builder", { DOCKER_BUILDKIT: "0" }],
  ] as const) {
    it(`docker build with ${builder} builds on one node`, async () => {
      const folder = buildContext({
        Dockerfile: "FROM busybox\nCOPY file /file\nRUN cat /file\n",
        file: "from the context\n",
      });
      const flags = builder === "BuildKit" ? ["--progress", "plain"] : [];
      const { code, stdout, stderr } = await config.at(replica().url)(
        ["build", ...flags, "-t", "built:1", folder],
        { env },
      );
      expect(code, stderr + stdout).to.equal(0);
      expect(stderr + stdout).to.include("from the context");
      expect(await nodesWith("built:1")).to.have.length(1);
    });
  }

  it("docker build with BuildKit goes to the node that the client's configuration names", async () => {
    using named = await clientConfig({ HttpHeaders: { "X-Swarm-Node": "node-3" } });
    const folder = buildContext({ Dockerfile: "FROM busybox\nRUN true\n" });
    const { code, stderr } = await named.at(replica().url)([
      "build",
      "--progress",
      "plain",
      "-t",
      "built:3",
      folder,
    ]);
    expect(code, stderr).to.equal(0);
    expect(await nodesWith("built:3")).to.deep.equal(["node-3"]);
  });

  it("docker compose goes up, and down again", async () => {
    const compose = composeV2(config, replica().url, "shop");
    await done(compose, "up", "-d");
    expect(await done(compose, "ps", "--services", "--status", "running")).to.match(/web/);
    await done(compose, "down", "-v");
    expect(await leftovers("shop")).to.deep.equal([]);
  });

  // The last one: the replica leads afterwards.
  it("goes on through the replica when the primary is gone, with what it serves itself then", async () => {
    await running(replica().docker, "--name", "box");
    await primary().stop();
    expect(await ask("exec", "box", "echo", "still here")).to.equal("still here");
    expect(await ask("info")).to.match(/^ ?Role: primary$/m);
    await ask("rm", "-f", "box");
  });
});
