import { existsSync } from "node:fs";
import { connect } from "node:net";
import { finished } from "node:stream/promises";
import { PassThrough } from "node:stream";
import { expect } from "chai";
import Docker from "dockerode";
import { eventually } from "../../lab/eventually.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";
import { temporarySocket } from "../support/temporary-socket.ts";
import { useManager } from "../support/use-manager.ts";

for (const way of ["tcp", "unix"] as const) {
  describe(`dockerode over ${way}`, () => {
    const socketPath = temporarySocket();
    const manager = useManager({ args: ["-H", `unix://${socketPath}`] });
    let docker: Docker;
    before(() => {
      const { hostname: host, port } = new URL(manager().http);
      docker = way === "unix" ? new Docker({ socketPath }) : new Docker({ host, port, protocol: "http" });
    });

    it("creates, starts, lists, inspects and removes", async () => {
      const container = await docker.createContainer({
        name: "web",
        Image: "busybox",
        Cmd: ["sleep", "1000"],
        Env: ["constraint:node==node-2", "A=b"],
      });
      await container.start();
      const [listed] = await docker.listContainers({ filters: { name: ["web"] } });
      expect(listed).to.include({ Id: container.id, State: "running", Image: "busybox" });
      expect(listed!.Names).to.deep.equal(["/node-2/web"]);
      const inspected = await docker.getContainer("node-2/web").inspect();
      expect(inspected).to.include({ Id: container.id, Name: "/web" }).and.to.have.property("Node");
      expect(inspected.Config.Env).to.include("A=b");
      await container.remove({ force: true });
      expect(await docker.listContainers({ all: true })).to.deep.equal([]);
    });

    it("attaches with standard input, half-closes, and reads both streams apart", async () => {
      const script = "sort; echo oops >&2";
      const container = await docker.createContainer({
        Image: "busybox",
        Cmd: ["sh", "-c", script],
        OpenStdin: true,
        StdinOnce: true,
      });
      const stream = await container.attach({
        ...{ stream: true, hijack: true, stdin: true, stdout: true, stderr: true },
      });
      const texts = apart(docker, stream);
      await container.start();
      stream.end("b\nc\na\n");
      expect(await texts).to.deep.equal({ stdout: "a\nb\nc\n", stderr: "oops\n" });
      expect(await container.wait()).to.include({ StatusCode: 0 });
    });

    it("executes with standard input and gives the exit code", async () => {
      const container = await start(docker, ["sleep", "1000"]);
      const exec = await container.exec({
        ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true },
        Cmd: ["sh", "-c", "cat; exit 5"],
      });
      const stream = await exec.start({ hijack: true, stdin: true });
      const texts = apart(docker, stream);
      stream.end("through\n");
      expect(await texts).to.deep.equal({ stdout: "through\n", stderr: "" });
      expect(await exec.inspect()).to.include({ ExitCode: 5, Running: false });
    });

    it("reads logs", async () => {
      const container = await start(docker, ["sh", "-c", "echo out; echo err >&2"]);
      await container.wait();
      const logs = await container.logs({ follow: true, stdout: true, stderr: true });
      expect(await apart(docker, logs)).to.deep.equal({ stdout: "out\n", stderr: "err\n" });
    });

    it("hears events", async () => {
      const events = await docker.getEvents({ filters: { event: ["start"] } });
      let text = "";
      events.on("data", (chunk: Buffer) => (text += chunk.toString()));
      const { id } = await start(docker, ["true"]);
      await eventually("the start is told", () => text.includes(id));
      (events as unknown as PassThrough).destroy();
      expect(JSON.parse(text.split("\n")[0]!)).to.include({ Action: "start", id });
    });

    it("streams stats and reads processes", async () => {
      const container = await start(docker, ["sleep", "1000"]);
      expect(await container.stats({ stream: false })).to.have.property("cpu_stats");
      const top = (await container.top()) as { readonly Processes: readonly unknown[] };
      expect(top.Processes).to.have.length(1);
    });

    const errors = [
      {
        it: "an unknown container is a 404",
        ask: () => docker.getContainer("nosuch").inspect(),
        status: 404,
      },
      { it: "an unknown exec is a 404", ask: () => docker.getExec("nosuch").inspect(), status: 404 },
      { it: "an exec of nothing is a 400", ask: () => execNothing(docker), status: 400 },
      { it: "a name that is taken is a 409", ask: () => twice(docker), status: 409 },
      { it: "a removal of what runs is a 409", ask: () => removeRunning(docker), status: 409 },
      { it: "a second start is a 304", ask: () => startTwice(docker), status: 304 },
      {
        it: "an image nobody has is a 500",
        ask: () => start(docker, ["true"], "127.0.0.1:1/nosuch"),
        status: 500,
      },
    ];
    for (const { it: title, ask, status } of errors) {
      it(title, async () => {
        const error: unknown = await ask().then(
          () => "no error",
          (reason: unknown) => reason,
        );
        expect(error).to.include({ statusCode: status });
      });
    }
  });
}

describe("a Unix socket of a manager", () => {
  it("is gone when the manager is", async () => {
    const socketPath = temporarySocket();
    await using manager = await Manager.start(lab(), { args: ["-H", `unix://${socketPath}`] });
    expect(existsSync(socketPath)).to.equal(true);
    await manager.stop();
    expect(existsSync(socketPath)).to.equal(false);
  });
});

describe("attach of a client that knows no Upgrade", () => {
  const manager = useManager();

  it("gets a raw stream both ways, and passes the end of its input", async () => {
    const { hostname, port } = new URL(manager().http);
    const docker = new Docker({ host: hostname, port, protocol: "http" });
    const container = await docker.createContainer({
      ...{ Image: "busybox", Cmd: ["sort"], OpenStdin: true, StdinOnce: true, Tty: false },
    });
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    const text = () => Buffer.concat(chunks).toString("latin1");
    const path = `/containers/${container.id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: manager\r\nContent-Length: 0\r\n\r\n`);
    await eventually("the engine answers", () => text().includes("\r\n\r\n"));
    expect(text()).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text()).to.include("application/vnd.docker.raw-stream");
    await container.start();
    socket.end("b\na\n");
    await finished(socket, { writable: false });
    const [, body] = text().split("\r\n\r\n");
    expect(body).to.equal("\x01\0\0\0\0\0\0\x04a\nb\n");
  });
});

/** Reads a stream of frames to its end. */
async function apart(
  docker: Docker,
  stream: NodeJS.ReadableStream,
): Promise<{ stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stdout.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  stderr.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  (docker.modem as { demuxStream: (...streams: unknown[]) => void }).demuxStream(stream, stdout, stderr);
  await finished(stream, { writable: false });
  return texts;
}

async function start(docker: Docker, command: string[], image = "busybox"): Promise<Docker.Container> {
  const container = await docker.createContainer({ Image: image, Cmd: command });
  await container.start();
  return container;
}

async function twice(docker: Docker): Promise<unknown> {
  await docker.createContainer({ name: "twice", Image: "busybox" });
  return await docker.createContainer({ name: "twice", Image: "busybox" });
}

async function startTwice(docker: Docker): Promise<unknown> {
  return await (await start(docker, ["sleep", "1000"])).start();
}

async function removeRunning(docker: Docker): Promise<unknown> {
  return await (await start(docker, ["sleep", "1000"])).remove();
}

async function execNothing(docker: Docker): Promise<unknown> {
  return await (await start(docker, ["sleep", "1000"])).exec({});
}
