import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { clientConfig, type ClientConfig } from "../support/client-config.ts";
import { succeed } from "../support/docker-cli.ts";
import { clientSockets, untilStatus, untilStreamsAreGone, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";
import { buildContext, isProcessRunning, nodesWith, removeBuilt, RunningBuild } from "./support.ts";

const plain = ["--progress", "plain"];

describe("docker build with BuildKit", () => {
  const manager = useManager(watchful);
  afterEach(removeBuilt);
  const context = () =>
    buildContext({
      Dockerfile: [
        "FROM busybox",
        "COPY file /file",
        "RUN --mount=type=secret,id=word grep -q 'open sesame' /run/secrets/word && cat /file",
        "",
      ].join("\n"),
      file: "from the context\n",
      secret: "open sesame\n",
    });
  const withSecret = (folder: string) => ["--secret", `id=word,src=${folder}/secret`, folder];

  it("builds on one node, with all its connections", async () => {
    using config = await clientConfig();
    const docker = config.at(manager().url);
    const folder = context();
    const { code, stderr } = await docker(["build", ...plain, "-t", "built:1", ...withSecret(folder)]);
    expect(code, stderr).to.equal(0);
    expect(stderr)
      .to.match(/using docker driver/)
      .and.match(/from the context/);
    const nodes = await nodesWith("built:1");
    expect(nodes).to.have.length(1);
    expect(await succeed(docker, ["images", "-q", "built:1"])).to.match(/^[0-9a-f]{12}$/);
    const again = await docker(["build", ...plain, "-t", "built:2", ...withSecret(folder)]);
    expect(again.stderr, "the cache is where the first build was").to.include("CACHED");
    expect(await nodesWith("built:2")).to.deep.equal(nodes);
  });

  for (const node of ["node-2", "node-3"]) {
    describe(`on ${node}, which the client's configuration names`, () => {
      let config: ClientConfig;
      before(async () => {
        config = await clientConfig({ HttpHeaders: { "X-Swarm-Node": node } });
      });
      after(() => config[Symbol.dispose]());
      const slow = (seconds: string) =>
        new RunningBuild(
          manager().url,
          [
            "build",
            ...plain,
            buildContext({ Dockerfile: `FROM busybox\nRUN echo begun; sleep ${seconds}\n` }),
          ],
          config.env,
        );

      it("builds from a local context, with a secret", async () => {
        const docker = config.at(manager().url);
        const load = ["buildx", "build", "--load", ...plain, "-t", "built:1", ...withSecret(context())];
        const { code, stderr } = await docker(load);
        expect(code, stderr).to.equal(0);
        expect(stderr).to.include("from the context");
        expect(await nodesWith("built:1")).to.deep.equal([node]);
      });

      it("fails as the build does", async () => {
        const folder = buildContext({ Dockerfile: "FROM busybox\nRUN exit 3\n" });
        const { code, stderr } = await config.at(manager().url)(["build", ...plain, folder]);
        expect(code).to.equal(1);
        expect(stderr).to.match(/^ERROR: failed to build: .*exit code: 3$/m);
      });

      it("ends on the engine when it is interrupted", async () => {
        const before = await clientSockets(manager(), lab());
        await using running = slow("5432");
        await running.until(/\d begun/);
        expect(isProcessRunning(["sleep", "5432"])).to.equal(true);
        running.interrupt();
        expect(await running.exitCode()).to.equal(130);
        await eventually("the build's process is gone", () => !isProcessRunning(["sleep", "5432"]));
        await untilStreamsAreGone(manager(), lab(), before);
      });

      it("ends with an error when the engine is killed", async () => {
        const before = await clientSockets(manager(), lab());
        await using running = slow("6543");
        await running.until(/\d begun/);
        await lab().engine(node).kill();
        expect(await running.exitCode()).to.equal(1);
        expect(running.output).to.match(
          new RegExp(
            `^ERROR: failed to build: .*Unavailable.*${node}: the engine closed the connection`,
            "m",
          ),
        );
        await untilStreamsAreGone(manager(), lab(), before);
        // What BuildKit ran outlives its engine, and keeps an address that the engine would give to a container.
        await lab().engine(node).cutPower();
        await lab().recover();
        await untilStatus(manager(), node, "Healthy");
        expect(isProcessRunning(["sleep", "6543"])).to.equal(false);
      });

      it("prunes the builder's cache", async () => {
        const docker = config.at(manager().url);
        const caches = async () => {
          const { body } = await lab().engine(node).api("GET", "/system/df");
          return (JSON.parse(body) as { BuildCache: unknown[] | null }).BuildCache?.length ?? 0;
        };
        const { code, stderr } = await docker(["build", ...plain, ...withSecret(context())]);
        expect(code, stderr).to.equal(0);
        const before = await caches();
        expect(await succeed(docker, ["builder", "prune", "-f"])).to.match(/^Total:\s+[1-9]/m);
        expect(await caches()).to.be.below(before);
      });
    });
  }
});
