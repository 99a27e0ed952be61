import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough, type Readable } from "node:stream";
import { expect } from "chai";
import Docker from "dockerode";
import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { rawExchange, request } from "./request.ts";

const read = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

/** The payload of a multiplexed stream. */
function unframe(framed: Buffer): string {
  let text = "";
  for (let at = 0; at < framed.length; at += 8 + framed.readUInt32BE(at + 4)) {
    text += framed.toString("utf8", at + 8, at + 8 + framed.readUInt32BE(at + 4));
  }
  return text;
}

interface WireEvent {
  Type: string;
  Action: string;
  Actor: { Attributes: Record<string, string> };
  timeNano: number;
}

/** The next millisecond: after everything that has happened. */
const soon = (): string => (Date.now() / 1000 + 0.001).toFixed(3);

describe("fleet/streams", () => {
  let engine: SimulatedEngine;
  let docker: Docker;
  beforeEach(async () => {
    engine = await startSimulatedEngine({ name: "node-1" });
    const [host = "", port] = engine.addr.split(":");
    docker = new Docker({ host, port, protocol: "http" });
  });
  afterEach(() => engine.dispose());

  const parse = (text: string): WireEvent[] =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as WireEvent);
  const pastEvents = async (query = ""): Promise<WireEvent[]> => {
    return parse((await request(engine.addr, "GET", `/events?since=1&until=${soon()}${query}`)).body);
  };

  it("carries stdin to an attached container and its output back, up to the end of both", async () => {
    const container = await docker.createContainer({
      ...{ Image: "busybox", Cmd: ["cat"], OpenStdin: true, StdinOnce: true, AttachStdin: true },
    });
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    docker.modem.demuxStream(stream, stdout, stderr);
    stream.on("end", () => stdout.end());
    await container.start();
    stream.write("one\n");
    stream.end("two\n");
    expect(await read(stdout)).to.equal("one\ntwo\n");
    expect(engine.container(container.id).exitCode).to.equal(0);
  });

  it("hijacks without an Upgrade header, as old clients do", async () => {
    const created = await request(engine.addr, "POST", "/containers/create?name=old", {
      ...{ Image: "busybox", Cmd: ["cat"], OpenStdin: true, StdinOnce: true },
    });
    expect(created.status).to.equal(201);
    const head =
      "POST /v1.41/containers/old/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\nearly\n";
    const answer = await rawExchange(engine.addr, head, async (write) => {
      await request(engine.addr, "POST", "/containers/old/start");
      write("late\n");
    });
    const text = answer.toString("latin1");
    expect(text).to.match(/^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n\r\n/);
    expect(unframe(answer.subarray(text.indexOf("\r\n\r\n") + 4))).to.equal("early\nlate\n");
  });

  it("answers 101 to an upgrade and says 404 to an unknown container in plain HTTP", async () => {
    const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\nHost: x\r\n\r\n";
    const answer = await rawExchange(
      engine.addr,
      `POST /containers/zz/attach?stream=1 HTTP/1.1\r\n${upgrade}`,
    );
    expect(answer.toString()).to.match(
      /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*\{"message":"No such container: zz"\}\n$/,
    );
    engine.addContainer({ name: "done", state: "exited" });
    const ok = await rawExchange(engine.addr, `POST /containers/done/attach?stream=1 HTTP/1.1\r\n${upgrade}`);
    expect(ok.toString()).to.match(/^HTTP\/1\.1 101 UPGRADED\r\n/);
  });

  it("runs execs with stdin, output and exit code", async () => {
    engine.addContainer({ name: "web" });
    const exec = await docker
      .getContainer("web")
      .exec({ Cmd: ["wc", "-c"], AttachStdin: true, AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: true });
    stream.end("12345");
    expect((await read(stream)).slice(8)).to.equal("5\n");
    expect(await exec.inspect()).to.include({ Running: false, ExitCode: 0 });
    const again = await request(engine.addr, "POST", `/exec/${exec.id}/start`, {});
    expect(again.status).to.equal(409);
  });

  it("follows logs until the container ends", async () => {
    const container = await docker.createContainer({
      Image: "busybox",
      Cmd: ["sh", "-c", "echo a; cat; echo b"],
      OpenStdin: true,
      Tty: true,
    });
    const attached = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    const logs = (await container.logs({ follow: true, stdout: true })) as unknown as Readable;
    await container.start();
    await once(attached, "data");
    engine.container(container.id).stdin?.end();
    expect(await read(logs)).to.equal("a\nb\n");
  });

  it("tells of a container's life in events, with its attributes", async () => {
    const container = await docker.createContainer({
      name: "web",
      Image: "busybox",
      Cmd: ["sleep", "infinity"],
      Labels: { tier: "front" },
    });
    await container.start();
    await container.kill();
    await container.remove();
    const events = await pastEvents(`&filters=${encodeURIComponent('{"type":["container"]}')}`);
    expect(events.map(({ Action }) => Action)).to.deep.equal(["create", "start", "kill", "die", "destroy"]);
    expect(events[3]?.Actor.Attributes).to.deep.equal({
      exitCode: "137",
      image: "busybox",
      name: "web",
      tier: "front",
    });
    expect(events[3]).to.include({ status: "die", id: container.id, from: "busybox", scope: "local" });
  });

  it("sends events as they happen to those who listen", async () => {
    const stream = (await docker.getEvents({ filters: { event: ["die"] } })) as unknown as Readable;
    engine.addContainer({ name: "web" }, true);
    engine.exitContainer("web", 7);
    const [chunk] = (await once(stream, "data")) as [Buffer];
    expect(parse(chunk.toString())[0]?.Actor.Attributes).to.include({ name: "web", exitCode: "7" });
    stream.destroy();
  });

  it("sends the events of one request in one piece, before its answer", async () => {
    const [host = "", port = ""] = engine.addr.split(":");
    const socket = connect({ host, port: Number(port) });
    socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "data");
    const seen: string[] = [];
    socket.on("data", (data: Buffer) => {
      // Every piece is a chunk.
      for (const piece of data
        .toString()
        .split(/[0-9a-f]+\r\n(?=\{)/)
        .slice(1))
        seen.push([...piece.matchAll(/"Action":"(\w+)"/g)].map(([, action]) => action).join(" "));
    });
    for (let round = 0; round < 10; round++) {
      await request(engine.addr, "POST", `/containers/create?name=c-${round}`, {
        ...{ Image: "busybox", Cmd: ["sleep", "infinity"], HostConfig: { NetworkMode: "bridge" } },
      });
      seen.push("answer");
      await request(engine.addr, "POST", `/containers/c-${round}/start`);
      seen.push("answer");
    }
    socket.destroy();
    const each = ["create", "answer", "connect start", "answer"];
    expect(seen).to.deep.equal(Array.from({ length: 10 }, () => each).flat());
  });

  it("replays events from `since` on, that instant included", async () => {
    for (const name of ["one", "two", "three"]) engine.addContainer({ name }, true);
    const nanosSince = async (since: string): Promise<string[]> => {
      const { body } = await request(engine.addr, "GET", `/events?since=${since}&until=${soon()}`);
      return [...body.matchAll(/"timeNano":(\d+)/g)].map((match) => match[1] ?? "");
    };
    const all = await nanosSince("1");
    expect(new Set(all).size).to.equal(6);
    const third = all[2] ?? "";
    expect(await nanosSince(`${third.slice(0, -9)}.${third.slice(-9)}`)).to.deep.equal(all.slice(2));
  });
});
