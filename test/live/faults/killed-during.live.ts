import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { buildContext, removeBuilt, RunningBuild } from "../build/support.ts";
import { clientConfig, type ClientConfig } from "../support/client-config.ts";
import { composeV2, done, leftOn, leftovers, type Compose } from "../support/compose.ts";
import { clientSockets, untilStatus, untilStreamsAreGone, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";

const project = "gated";

describe("docker compose up, while an engine is killed", () => {
  let config: ClientConfig;
  let clientsBefore: number;
  // Before the manager's own: its hook needs all engines.
  afterEach(async () => {
    await lab().recover();
    await untilStatus(manager(), "node-2", "Healthy");
    await done(composeOn(places.late), "down");
    expect(await leftovers(project)).to.deep.equal([]);
    await untilStreamsAreGone(manager(), lab(), clientsBefore);
  });
  const manager = useManager(watchful);
  before(async () => {
    config = await clientConfig();
    clientsBefore = await clientSockets(manager(), lab());
  });
  after(() => config[Symbol.dispose]());

  const [one, two, three] = ["node-1", "node-2", "node-3"].map((name) => () => lab().engine(name)) as [
    () => LabEngine,
    () => LabEngine,
    () => LabEngine,
  ];
  /** Who gets node-2, which is the one that is killed. */
  const places = {
    gate: { GATE: "node-2", LATE: "node-1", OTHER: "node-3" },
    late: { GATE: "node-1", LATE: "node-2", OTHER: "node-3" },
  };
  const composeOn =
    (env: NodeJS.ProcessEnv): Compose =>
    (args, options) =>
      composeV2(config, manager().url, project)(args, { ...options, env });
  const container = (service: string) => `${project}-${service}-1`;
  const made = (engine: LabEngine, service: string) =>
    eventually(`${service} is on ${engine.name}`, async () =>
      (await leftOn(engine, project)).includes(`/${container(service)}`),
    );
  const state = async (engine: LabEngine, service: string) => {
    const { status, body } = await engine.api("GET", `/containers/${container(service)}/json`);
    return status === 200 ? (JSON.parse(body) as Container).State : undefined;
  };
  const runs = (engine: LabEngine, service: string) =>
    eventually(
      `${service} runs on ${engine.name}`,
      async () => (await state(engine, service))?.Running === true,
    );
  const open = (engine: LabEngine) => engine.docker(["exec", container("gate"), "touch", "/open"]);

  /** The command fails at once, with an error that names the node. */
  const endsNamingTheNode = async (up: ReturnType<Compose>, text: RegExp) => {
    const { code, stderr } = await up;
    expect(code, stderr).to.equal(1);
    expect(stderr.trim().split("\n").at(-1)).to.match(text);
  };
  const lost = /^Error response from daemon: node-2: Cannot connect to the Docker daemon at tcp:/;

  it("creates a container there: the error names the node, and what others made is kept", async () => {
    const compose = composeOn(places.late);
    two().pause();
    const up = compose(["up", "-d"]);
    await made(one(), "gate");
    await made(three(), "other");
    await two().kill();
    await endsNamingTheNode(up, lost);
    const ids = await Promise.all([idOf(one(), "gate"), idOf(three(), "other")]);
    await lab().recover();
    await untilStatus(manager(), "node-2", "Healthy");
    const again = compose(["up", "-d"]);
    await runs(one(), "gate");
    await open(one());
    expect((await again).code, (await again).stderr).to.equal(0);
    await runs(two(), "late");
    expect(await Promise.all([idOf(one(), "gate"), idOf(three(), "other")])).to.deep.equal(ids);
  });

  it("starts a container there: the error names the node, and the others run on", async () => {
    const compose = composeOn(places.late);
    const up = compose(["up", "-d"]);
    await Promise.all([runs(one(), "gate"), made(two(), "late"), runs(three(), "other")]);
    two().pause();
    await open(one());
    const healthy = async () => (await state(one(), "gate"))?.Health?.Status === "healthy";
    await eventually("the gate is open", healthy);
    await two().kill();
    await endsNamingTheNode(up, /\bError response from daemon: .*\bnode-2\b/);
    await Promise.all([runs(one(), "gate"), runs(three(), "other")]);
    await lab().recover();
    await untilStatus(manager(), "node-2", "Healthy");
    await done(compose, "up", "-d");
    await runs(two(), "late");
  });

  it("waits for a container there: the error names the node, and the others run on", async () => {
    const compose = composeOn(places.gate);
    const up = compose(["up", "-d"]);
    await Promise.all([made(one(), "late"), runs(two(), "gate"), runs(three(), "other")]);
    await eventually("the gate is watched", async () => (await state(two(), "gate"))?.Health !== undefined);
    await two().kill();
    await endsNamingTheNode(up, /\bError response from daemon: .*\bnode-2\b/);
    await runs(three(), "other");
    await lab().recover();
    await untilStatus(manager(), "node-2", "Healthy");
    const again = compose(["up", "-d"]);
    await runs(two(), "gate");
    await open(two());
    expect((await again).code, (await again).stderr).to.equal(0);
    await Promise.all([runs(one(), "late"), runs(three(), "other")]);
  });

  const idOf = async (engine: LabEngine, service: string) => {
    const { status, body } = await engine.api("GET", `/containers/${container(service)}/json`);
    expect(status, body).to.equal(200);
    return (JSON.parse(body) as Container).Id;
  };
});

/** The part of an engine's inspect answer these tests look at. */
interface Container {
  readonly Id: string;
  readonly State: { readonly Running: boolean; readonly Health?: { readonly Status: string } };
}

describe("docker build, while an engine is killed", () => {
  const manager = useManager(watchful);
  afterEach(removeBuilt);

  it("goes on where the engine lives, and ends with the node's name where it does not", async () => {
    const context = buildContext({
      Dockerfile: "FROM busybox\nRUN echo begun; until [ -e /go ]; do sleep 0.1; done; echo finished\n",
    });
    const begin = (node: string) => {
      const args = ["build", "--build-arg", `constraint:node==${node}`, context];
      return new RunningBuild(manager().url, args, { DOCKER_BUILDKIT: "0" });
    };
    await using lives = begin("node-1");
    await using dies = begin("node-2");
    await Promise.all([lives.until(/^node-1: begun$/m), dies.until(/^node-2: begun$/m)]);
    try {
      await lab().engine("node-2").kill();
      expect(await dies.exitCode()).to.equal(1);
      expect(dies.output).to.match(/^Failed to build image: node-2: Cannot connect to the Docker daemon/m);
      const { stdout } = await lab().engine("node-1").docker(["ps", "-q"]);
      await lab().engine("node-1").docker(["exec", stdout.trim(), "touch", "/go"]);
      expect(await lives.exitCode(), lives.output).to.equal(0);
      expect(lives.output).to.match(/^node-1: finished$/m);
    } finally {
      await lab().recover();
      await untilStatus(manager(), "node-2", "Healthy");
    }
  });
});
