import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { expect } from "chai";
import { WebSocket, WebSocketServer } from "ws";
import {
  Mailbox,
  RawClient,
  closeAll,
  fillUntilStalled,
  happens,
  httpEngine,
  isDeserted,
  managerFor,
  rawEngine,
  targetAt,
} from "./support.ts";
import { attach, attachLegacy, attached, handEngine, legacyRaw, upgraded } from "./raw-support.ts";

describe("proxy/hijack", () => {
  afterEach(closeAll);

  it("replays request line and headers as they came, and hands on the answer untouched", async () => {
    const { client, engine, target } = await attached(
      "POST /attach?stream=1 HTTP/1.1\r\nhOST: m\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nX: 1\r\nX: 2\r\n\r\n",
    );
    expect(engine.text).to.equal(
      "POST /attach?stream=1 HTTP/1.1\r\nhOST: m\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nX: 1\r\nX: 2\r\n\r\n",
    );
    expect(client.text).to.equal(upgraded);
    expect(target.successes).to.equal(1);
  });

  it("hands on a body that came with the upgrade", async () => {
    const { engine } = await attached(
      "POST /exec/x/start HTTP/1.1\r\nHost: m\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 13\r\n\r\n" +
        '{"Tty":false}',
    );
    await engine.receives(/\r\n\r\n\{"Tty":false\}$/);
  });

  it("hands on a body that comes later, before the engine answers", async () => {
    const { target, sides } = await handEngine();
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("POST /exec/x/start HTTP/1.1\r\nHost: m\r\nContent-Length: 13\r\n\r\n");
    const engine = await sides.take();
    await engine.receives(/\r\n\r\n/);
    client.socket.write('{"Tty":false}');
    await engine.receives(/\r\n\r\n\{"Tty":false\}$/);
  });

  for (const [name, request, answer] of [
    ["an upgrade", attach, upgraded],
    ["a legacy stream", attachLegacy, legacyRaw],
  ] as const) {
    it(`turns the client's half-close into the engine's and goes on with output (${name})`, async () => {
      const { client, engine, manager, server } = await attached(request, answer);
      client.socket.end("last input");
      await engine.receives(/last input$/);
      await engine.isEnded();
      engine.socket.end("late output");
      expect(await client.isEnded()).to.match(/late output$/);
      expect(await manager.nextHijack()).to.deep.equal({ kind: "spliced" });
      await isDeserted(manager.server);
      await isDeserted(server);
    });

    it(`closes the client when the engine ends first (${name})`, async () => {
      const { client, engine, manager, server } = await attached(request, answer);
      engine.socket.end("bye");
      expect(await client.isEnded()).to.match(/bye$/);
      client.socket.end("more input nobody reads");
      await manager.nextHijack();
      await isDeserted(manager.server);
      engine.socket.end();
      await isDeserted(server);
    });
  }

  it("sends stdin of the same packet as a legacy request behind the engine's answer", async () => {
    const { target, sides } = await handEngine();
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(`${attachLegacy}GET / is only input\n`);
    const engine = await sides.take();
    await engine.receives(/\r\n\r\n/);
    expect(engine.text).to.equal(attachLegacy);
    engine.socket.write(legacyRaw);
    await engine.receives(/\r\n\r\nGET \/ is only input\n$/);
    client.send("more");
    await engine.receives(/input\nmore$/);
  });

  it("remembers a half-close that comes before a legacy stream is established", async () => {
    const { target, sides } = await handEngine();
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.socket.end(`${attachLegacy}input`);
    const engine = await sides.take();
    await engine.receives(/\r\n\r\n/);
    engine.socket.write(legacyRaw);
    await engine.receives(/input$/);
    await engine.isEnded();
    engine.socket.end("output");
    expect(await client.isEnded()).to.match(/output$/);
  });

  for (const [name, body] of [
    ["of known length", "Content-Length: 2\r\n\r\n{}"],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nT: 1\r\n\r\n"],
  ]) {
    it(`lets no second request through behind a body ${name}`, async () => {
      const { target, sides } = await handEngine();
      const manager = await managerFor(target);
      const client = new RawClient(manager.port);
      const request = `POST /exec/x/start HTTP/1.1\r\nHost: m\r\n${body}`;
      client.send(`${request}GET /secret HTTP/1.1\r\nHost: m\r\n\r\n`);
      const engine = await sides.take();
      await engine.receives(/\{\}/);
      engine.socket.write(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nnone",
      );
      await engine.isEnded();
      expect(engine.text).to.equal(request);
      engine.socket.end();
      expect(await client.isEnded()).to.equal(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnone",
      );
      client.socket.end();
      expect(await manager.nextHijack()).to.deep.equal({ kind: "answered", status: 404 });
      await isDeserted(manager.server);
    });
  }

  it("hands on an interim answer", async () => {
    const { client, engine } = await attached(attach, `HTTP/1.1 100 Continue\r\n\r\n${upgraded}`);
    await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 101 /);
    engine.socket.write("x");
    await client.receives(/x$/);
  });

  it("reads an answer that comes byte by byte, with output behind it", async () => {
    const { target, sides } = await handEngine();
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(attach);
    const engine = await sides.take();
    for (const byte of `${upgraded}out`) {
      engine.socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.receives(/out$/);
    expect(client.text).to.equal(`${upgraded}out`);
  });

  it("ends the engine's connection when the client is cut off", async () => {
    const { client, engine, manager, server } = await attached();
    client.socket.resetAndDestroy();
    await engine.isEnded();
    expect(await manager.nextHijack()).to.deep.equal({ kind: "spliced" });
    engine.socket.end();
    await isDeserted(server);
  });

  it("ends the engine's connection when the client leaves before the answer", async () => {
    const { target, sides } = await handEngine();
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(attach);
    const engine = await sides.take();
    await engine.receives(/\r\n\r\n/);
    client.socket.destroy();
    expect(await manager.nextHijack()).to.deep.equal({ kind: "client-left" });
    await engine.isEnded();
    expect(target.failures).to.deep.equal([]);
  });

  it("does not wait for a dial when the client leaves, and closes a connection that comes too late", async () => {
    const { target, sides } = await handEngine();
    const dials = new Mailbox<() => void>();
    const slow = {
      ...target,
      dial: () => new Promise<Socket>((resolve) => dials.put(() => void target.dial().then(resolve))),
    };
    const manager = await managerFor(slow);
    const client = new RawClient(manager.port);
    client.send(attach);
    const connect = await dials.take();
    client.socket.destroy();
    expect(await manager.nextHijack()).to.deep.equal({ kind: "client-left" });
    connect();
    await (await sides.take()).isEnded();
  });

  it("cuts the client when the engine dies", async () => {
    const { client, engine, manager } = await attached();
    engine.socket.resetAndDestroy();
    await client.isEnded();
    expect(await manager.nextHijack()).to.deep.equal({ kind: "spliced" });
    await isDeserted(manager.server);
  });

  const failures: [it: string, engine: (socket: Socket) => void][] = [
    ["closes without an answer", (socket) => socket.once("data", () => socket.end())],
    ["does not speak HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n")],
    ["sends endless headers", (socket) => socket.write("HTTP/1.1 101 X\r\n" + "A: b\r\n".repeat(20_000))],
  ];
  for (const [what, engine] of failures) {
    it(`leaves the answer to the caller when the engine ${what}`, async () => {
      const { target } = await rawEngine(engine);
      const manager = await managerFor(target);
      const client = new RawClient(manager.port);
      client.send(attach);
      await client.receives(/^HTTP\/1\.1 500 [^]*engine failed/);
      expect(await manager.nextHijack()).to.include({ kind: "engine-failed", headersSent: false });
      expect(target.failures).to.have.length(1);
    });
  }

  it("leaves the answer to the caller when the engine cannot be dialled", async () => {
    const { server, target } = await rawEngine(() => undefined);
    server.close();
    await happens(server, "close");
    const manager = await managerFor(targetAt(target.port));
    const client = new RawClient(manager.port);
    client.send(attach);
    await client.receives(/^HTTP\/1\.1 500 [^]*engine failed/);
    await client.isEnded();
    client.socket.end();
    await isDeserted(manager.server);
  });

  it("refuses a path that would split the request", async () => {
    const { target } = await handEngine();
    const manager = await managerFor(target, { hijack: { path: "/attach HTTP/1.1\r\nHost: other" } });
    const client = new RawClient(manager.port);
    client.send(attach);
    await client.receives(/engine failed/);
  });

  it("carries 50 MB each way, unchanged", async function () {
    this.timeout(20_000);
    const { target } = await rawEngine((socket) => {
      socket.once("data", () => {
        socket.write(upgraded);
        socket.pipe(socket);
      });
    });
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(attach);
    await client.receives(/\r\n\r\n$/);
    client.socket.removeAllListeners("data");
    const sent = createHash("sha256");
    const received = createHash("sha256");
    client.socket.on("data", (chunk) => received.update(chunk));
    const piece = randomBytes(64 * 1024);
    for (let i = 0; i < 800; i++) {
      sent.update(piece);
      if (!client.socket.write(piece)) await happens(client.socket, "drain");
    }
    client.socket.end();
    await client.isEnded();
    expect(received.digest("hex")).to.equal(sent.digest("hex"));
  });

  it("takes output no faster than the client", async () => {
    const { client, engine } = await attached();
    client.socket.pause();
    expect(await fillUntilStalled(engine.socket, 200)).to.be.below(100);
  });

  it("takes input no faster than the engine", async () => {
    const { client, engine } = await attached();
    engine.socket.pause();
    expect(await fillUntilStalled(client.socket, 200)).to.be.below(100);
  });

  it("carries a websocket", async () => {
    const { server, target } = await httpEngine(() => undefined);
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
    const manager = await managerFor(target);
    const client = new WebSocket(`ws://127.0.0.1:${manager.port}/attach/ws`);
    await happens(client, "open");
    const echoed = new Promise<string>((resolve) =>
      client.once("message", (data: Buffer) => resolve(data.toString())),
    );
    client.send("hello");
    expect(await echoed).to.equal("hello");
    client.close();
    await happens(client, "close");
    await manager.nextHijack();
  });
});
