import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import { eventsSoFar } from "../support/events.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf, running } from "../support/placing.ts";
import type { Manager } from "../support/manager.ts";
import { Session, terminalSize } from "../support/session.ts";
import { temporarySocket } from "../support/temporary-socket.ts";
import { useManager } from "../support/use-manager.ts";

const size = `${String(terminalSize.rows)} ${String(terminalSize.columns)}`;

describe("docker exec", () => {
  const manager = useManager();
  beforeEach(async () => await running(manager().docker, "--name", "box"));

  it("keeps standard output and standard error apart and ends with the command's exit code", async () => {
    const script = "echo to-out; echo to-err >&2; exit 42";
    const { code, stdout, stderr } = await manager().docker(["exec", "box", "sh", "-c", script]);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 42, stdout: "to-out\n", stderr: "to-err\n" });
  });

  it("-i passes standard input and its end", async () => {
    const input = "b\nc\na\n";
    expect(await succeed(manager().docker, ["exec", "-i", "box", "sort"], { input })).to.equal("a\nb\nc");
  });

  it("-i passes megabytes both ways at once", async () => {
    const input = randomBytes(2 ** 21).toString("hex");
    expect((await succeed(manager().docker, ["exec", "-i", "box", "cat"], { input })) === input).to.equal(
      true,
    );
  });

  it("-d starts the command and returns", async () => {
    const output = await succeed(manager().docker, ["exec", "-d", "box", "touch", "/done"]);
    expect(output).to.equal("");
    await eventually(
      "the command has run",
      async () => (await manager().docker(["exec", "box", "test", "-e", "/done"])).code === 0,
    );
  });

  it("-u, -w and -e set user, folder and environment", async () => {
    const options = ["-u", "1000:1001", "-w", "/tmp", "-e", "GREETING=hello"];
    const script = 'id -u; id -g; pwd; echo "$GREETING"';
    const output = await succeed(manager().docker, ["exec", ...options, "box", "sh", "-c", script]);
    expect(output.split("\n")).to.deep.equal(["1000", "1001", "/tmp", "hello"]);
  });

  it("-it is a shell at a terminal of the right size, and ends with its exit code", async () => {
    await using session = Session.startAtTerminal(manager().url, ["exec", "-it", "box", "sh"]);
    await session.until("# ");
    session.write(`until [ "$(stty size)" = "${size}" ]; do sleep 0.1; done; echo si""zed\n`);
    await session.until("sized");
    session.write("exit 7\n");
    expect(await session.exitCode()).to.equal(7);
  });

  it("an unknown command ends with the code and the words of the engine", async () => {
    const node = await nodeOf(manager().docker, "box");
    const direct = await dockerAt(lab().engine(node).url)(["exec", "box", "nosuchcommand"]);
    expect(direct.code).to.be.oneOf([126, 127]); // old engines, new engines
    expect(await manager().docker(["exec", "box", "nosuchcommand"])).to.deep.equal(direct);
  });

  it("finds the container by node and name, by id and by the beginning of the id", async () => {
    const id = await succeed(manager().docker, ["ps", "-q", "--no-trunc"]);
    const name = await succeed(manager().docker, ["ps", "--format", "{{.Names}}"]);
    for (const reference of [name, id, id.slice(0, 12), id.slice(0, 5)]) {
      expect(await succeed(manager().docker, ["exec", reference, "hostname"])).to.equal(id.slice(0, 12));
    }
  });

  it("in a stopped container answers 409 and the engine's words", async () => {
    await succeed(manager().docker, ["stop", "-t", "0", "box"]);
    const id = await succeed(manager().docker, ["ps", "-aq", "--no-trunc"]);
    const { code, stderr } = await manager().docker(["exec", "box", "true"]);
    expect(code).to.equal(1);
    expect(stderr.toLowerCase()).to.equal(`error response from daemon: container ${id} is not running\n`);
    const answer = await fetch(`${manager().http}/containers/box/exec`, {
      method: "POST",
      body: JSON.stringify({ Cmd: ["true"] }),
      headers: { "Content-Type": "application/json" },
    });
    expect(answer.status).to.equal(409);
    expect(await answer.json()).to.have.all.keys("message");
  });

  it("an exec that was made past the manager can be inspected and started through it", async () => {
    const [id, node] = await Promise.all(
      ["{{.Id}}", "{{.Node.Name}}"].map((format) =>
        succeed(manager().docker, ["inspect", "--format", format, "box"]),
      ),
    );
    const post = async (url: string, body: object) =>
      await fetch(url, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json" },
      });
    const created = await post(`http://${lab().engine(node!).addr}/containers/${id!}/exec`, {
      Cmd: ["touch", "/past"],
    });
    const exec = ((await created.json()) as { Id: string }).Id;
    const inspect = async () =>
      (await (await fetch(`${manager().http}/exec/${exec}/json`)).json()) as Record<string, unknown>;
    expect(await inspect()).to.include({ ID: exec, ContainerID: id, Running: false });
    const started = await post(`${manager().http}/exec/${exec}/start`, { Detach: true });
    expect(started.status).to.equal(200);
    await eventually("it has ended well", async () => (await inspect()).ExitCode === 0);
  });

  it("an unknown exec is a 404 that says so", async () => {
    const answer = await fetch(`${manager().http}/exec/nosuch/json`);
    expect(answer.status).to.equal(404);
    expect(await answer.json()).to.deep.equal({ message: "Exec nosuch not found" });
  });
});

describe("docker attach", () => {
  const socket = temporarySocket();
  const manager = useManager({ args: ["-H", `unix://${socket}`] });

  it("shows what comes, both streams, and ends with the container's exit code", async () => {
    const script = "read go; echo to-out; echo to-err >&2; exit 5";
    await succeed(manager().docker, ["run", "-di", "--name", "box", "busybox", "sh", "-c", script]);
    await using session = Session.start(manager().url, ["attach", "box"]);
    session.write("go\n"); // and not the end of it: an engine cuts the output of a detached container then
    expect(await session.exitCode()).to.equal(5);
    expect([session.output, session.errors]).to.deep.equal(["to-out\n", "to-err\n"]);
  });

  it("passes the end of standard input and goes on showing output", async () => {
    await succeed(manager().docker, [
      "create",
      "-i",
      "--name",
      "box",
      "busybox",
      "sh",
      "-c",
      "sort; echo end",
    ]);
    await succeed(manager().docker, ["start", "box"]);
    const result = await manager().docker(["attach", "box"], { input: "b\na\n" });
    expect(result).to.include({ code: 0, stdout: "a\nb\nend\n" });
  });

  it("--no-stdin only watches", async () => {
    const script = "until [ -e /go ]; do sleep 0.05; done; echo gone";
    const id = await succeed(manager().docker, [
      "run",
      "-di",
      "--name",
      "box",
      "busybox",
      "sh",
      "-c",
      script,
    ]);
    await using session = Session.start(manager().url, ["attach", "--no-stdin", "box"]);
    await attached(manager(), id, 1);
    await succeed(manager().docker, ["exec", "box", "touch", "/go"]);
    expect(await session.exitCode()).to.equal(0);
    expect(session.output).to.equal("gone\n");
  });

  it("at a terminal: type, resize, detach, come back", async () => {
    await succeed(manager().docker, ["run", "-dit", "--name", "box", "busybox", "sh"]);
    const attach = ["attach", "--detach-keys", "ctrl-x", "box"];
    await using first = Session.startAtTerminal(`unix://${socket}`, attach);
    first.write(`until [ "$(stty size)" = "${size}" ]; do sleep 0.1; done; kept=4""2; echo si""zed\n`);
    await first.until("sized");
    first.write("\x18");
    await first.exitCode();
    expect(first.output).to.include("read escape sequence");
    expect(await succeed(manager().docker, ["ps", "-q"])).not.to.equal("");
    await using second = Session.startAtTerminal(`unix://${socket}`, attach);
    second.write("echo [$kept]; exit 3\n");
    await second.until("[42]");
    expect(await second.exitCode()).to.equal(3);
  });

  it("several clients see the same", async () => {
    const script = "read go; echo seen";
    const id = await succeed(manager().docker, [
      "run",
      "-di",
      "--name",
      "box",
      "busybox",
      "sh",
      "-c",
      script,
    ]);
    await using watcher = Session.start(manager().url, ["attach", "box"]);
    await using typist = Session.start(manager().url, ["attach", "box"]);
    await attached(manager(), id, 2);
    typist.write("go\n");
    expect(await Promise.all([watcher.exitCode(), typist.exitCode()])).to.deep.equal([0, 0]);
    expect([watcher.output, typist.output]).to.deep.equal(["seen\n", "seen\n"]);
  });

  it("to a stopped container says what an engine says", async () => {
    const id = await succeed(manager().docker, ["create", "--name", "box", "busybox", "true"]);
    const [node] = (await succeed(manager().docker, ["ps", "-a", "--format", "{{.Names}}"])).split("/");
    const direct = await dockerAt(lab().engine(node!).url)(["attach", id]);
    expect(await manager().docker(["attach", id])).to.deep.equal(direct);
    expect(direct.stderr).to.include("cannot attach to a stopped container");
  });
});

/** Waits until the engine has connected so many clients to a container. */
async function attached(manager: Manager, id: string, clients: number): Promise<void> {
  await eventually(`${String(clients)} attached`, async () => {
    const events = await eventsSoFar(manager.docker, `container=${id}`, "event=attach");
    return events.length === clients;
  });
}
