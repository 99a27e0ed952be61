import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import { clientSockets, ticking, untilStatus, untilStreamsAreGone, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { notPlaced, placed, refused } from "../support/placing.ts";
import { Session } from "../support/session.ts";

const onTwo = ["-e", "constraint:node==node-2"];
/** A container that a starting engine ends at once instead of after ten seconds. */
const mortal = ["--stop-signal", "KILL"];

describe("an engine that is killed", () => {
  const engine = () => lab().engine("node-2");
  let manager: Manager;
  let clientsBefore: number;
  let attached: Session, logs: Session, otherLogs: Session, events: Session, waiting: Session;

  before(async () => {
    manager = await Manager.start(lab(), watchful);
    await succeed(manager.docker, ["run", "-d", ...mortal, ...onTwo, "--name", "web", "busybox", ...ticking]);
    const onOne = ["-e", "constraint:node==node-1"];
    await succeed(manager.docker, ["run", "-d", ...onOne, "--name", "other", "busybox", ...ticking]);
    clientsBefore = await clientSockets(manager, lab());
    events = Session.start(manager.url, ["events"]);
    const run = ["run", ...mortal, ...onTwo, "--name", "front", "busybox", ...ticking];
    attached = Session.start(manager.url, run);
    logs = Session.start(manager.url, ["logs", "-f", "web"]);
    otherLogs = Session.start(manager.url, ["logs", "-f", "other"]);
    waiting = Session.start(manager.url, ["wait", "web"]);
    await Promise.all([attached, logs, otherLogs].map((session) => session.until("tick")));
    await events.until(/container start .*front/);
    await engine().kill();
  });
  after(async () => {
    await Promise.all([attached, logs, otherLogs, events, waiting].map((session) => session.kill()));
    await lab().recover();
    await sweep(lab(), manager);
    await manager.stop();
  });

  it("ends an attached docker run with an error", async () => {
    expect(await attached.exitCode()).to.equal(125);
    expect(attached.errors).to.not.equal("");
  });

  it("ends docker logs -f", async () => {
    expect(await logs.exitCode()).to.be.a("number");
  });

  it("ends docker wait without making up an exit code", async () => {
    const code = await waiting.exitCode();
    expect(code !== 0 || waiting.output === "-1\n", `${String(code)}: ${waiting.output}`).to.equal(true);
  });

  it("leaves streams of other engines alone", async () => {
    const seen = otherLogs.output.length;
    await eventually("more lines", () => otherLogs.output.length > seen + 10);
  });

  it("is shown as unhealthy within the detection time, with the reason", async () => {
    const rows = await untilStatus(manager, "node-2", "Unhealthy", 6000);
    expect(rows.Error).to.match(/Cannot connect to the Docker daemon at tcp:\/\/.*\.12:2375/);
  });

  it("is announced once in docker events, which goes on", async () => {
    await events.until(/engine_disconnect .*node-2/);
    await succeed(manager.docker, ["run", "--rm", "--name", "later", "busybox", "true"]);
    await events.until(/container die .*later/);
    expect(events.output.match(/engine_disconnect/g)).to.have.lengthOf(1);
  });

  it("hides its containers from docker ps, and shows them as Host Down with -a", async () => {
    const format = ["--format", "{{.Names}}: {{.Status}}"];
    expect(await succeed(manager.docker, ["ps", ...format])).to.match(/^node-1\/other: Up [^\n]*$/);
    const all = (await succeed(manager.docker, ["ps", "-a", ...format])).split("\n");
    expect(all).to.include.members(["node-2/web: Host Down", "node-2/front: Host Down"]);
  });

  for (const command of ["inspect", "logs", "stop", "kill", "restart", "top", "pause", "diff"]) {
    it(`makes docker ${command} say that the node is unhealthy`, async () => {
      const { code, stderr } = await manager.docker([command, "web"]);
      expect(code).to.equal(1);
      expect(stderr).to.include("Container web running on unhealthy node node-2");
    });
  }

  for (const command of [
    ["start", "web"],
    ["exec", "web", "true"],
    ["rm", "-f", "web"],
  ]) {
    it(`makes docker ${command.join(" ")} fail and say why`, async () => {
      const lines = await refused(manager.docker, command);
      expect(lines.join("\n")).to.match(/Cannot connect to the Docker daemon|unhealthy node node-2/);
    });
  }

  it("keeps the names of its containers", async () => {
    expect((await notPlaced(manager.docker, "--name", "web"))[0]).to.match(
      /^Conflict: The name web is already/,
    );
  });

  it("gets no new containers, though it would be the emptiest", async () => {
    const nodes = [];
    for (const _ of [1, 2, 3, 4, 5, 6]) nodes.push(await placed(manager.docker));
    expect(nodes).to.not.include("node-2");
    const lines = await notPlaced(manager.docker, ...onTwo);
    expect(lines[0]).to.equal("Unable to find a node that satisfies the following conditions ");
    expect(lines.join("\n")).to.match(/health: ruled out 1 of 3 nodes; nearest: node-2/);
  });

  it("is back with the truth about its containers at once, and is announced", async () => {
    await engine().start();
    await untilStatus(manager, "node-2", "Healthy");
    const format = ["--format", "{{.Names}}: {{.Status}}"];
    const all = (await succeed(manager.docker, ["ps", "-a", ...format])).split("\n");
    for (const name of ["web", "front"])
      expect(all.find((line) => line.startsWith(`node-2/${name}:`))).to.match(/Exited \(137\)/);
    await events.until(/engine_reconnect .*node-2/);
    await events.until(/container die .*web/);
    expect((await manager.nodes()).find(({ name }) => name === "node-2")!.rows).to.not.have.property("Error");
  });

  it("can be used again", async () => {
    await succeed(manager.docker, ["start", "web"]);
    expect(await succeed(manager.docker, ["exec", "web", "echo", "inside"])).to.equal("inside");
    expect(await placed(manager.docker)).to.equal("node-2");
  });

  it("leaves no connection of a client behind", async () => {
    await Promise.all([otherLogs, events].map((session) => session.kill()));
    await untilStreamsAreGone(manager, lab(), clientsBefore);
  });
});

describe("an engine that is restarted", () => {
  let manager: Manager;
  before(async () => (manager = await Manager.start(lab(), watchful)));
  afterEach(async () => {
    await lab().recover();
    await sweep(lab(), manager);
  });
  after(async () => await manager.stop());

  it("has its restarting containers up again and the others exited", async () => {
    const always = ["run", "-d", ...mortal, ...onTwo, "--restart", "always", "--name", "always"];
    await succeed(manager.docker, [...always, "busybox", ...ticking]);
    await succeed(manager.docker, [
      "run",
      "-d",
      ...mortal,
      ...onTwo,
      "--name",
      "once",
      "busybox",
      ...ticking,
    ]);
    await lab().engine("node-2").restart();
    await eventually("both are shown as they are", async () => {
      const format = ["--format", "{{.Names}}: {{.Status}}"];
      const { stdout } = await manager.docker(["ps", "-a", ...format]);
      return stdout.includes("node-2/always: Up") && stdout.includes("node-2/once: Exited (137)");
    });
    await untilStatus(manager, "node-2", "Healthy");
  });

  it("may have lost containers meanwhile that somebody removed past the manager", async () => {
    await succeed(manager.docker, ["create", ...onTwo, "--name", "gone", "busybox", "true"]);
    await using events = Session.start(manager.url, ["events"]);
    await lab().engine("node-2").refuse();
    await untilStatus(manager, "node-2", "Unhealthy");
    const list = await lab().engine("node-2").api("GET", "/containers/json?all=1");
    for (const { Id } of JSON.parse(list.body) as { Id: string }[])
      await lab().engine("node-2").api("DELETE", `/containers/${Id}`);
    await lab().engine("node-2").accept();
    await untilStatus(manager, "node-2", "Healthy");
    expect(await succeed(manager.docker, ["ps", "-aq"])).to.equal("");
    await events.until(/container destroy .*gone/);
    expect(
      await succeed(dockerAt(manager.url), ["create", "--name", "gone", "busybox", "true"]),
    ).to.not.equal("");
  });
});
