import { once } from "node:events";
import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import { expect } from "chai";
import { EngineConnections } from "../../src/cluster/engine-address.ts";
import { startTlsEngine, testIdentity, type TestIdentity, type TlsEngine } from "../docker/tls-engine.ts";
import { TestAuthority } from "../support/certificates.ts";
import { attach, EngineSide, upgraded } from "./raw-support.ts";
import {
  closeAll,
  httpEngine,
  managerFor,
  RawClient,
  rawEngine,
  targetAt,
  type TestTarget,
} from "./support.ts";

describe("proxy, towards an engine that serves TLS", () => {
  let authority: TestAuthority;
  let engine: TlsEngine;
  let identity: TestIdentity;
  let connections: EngineConnections;
  let target: TestTarget;
  let answer: RequestListener;
  before(async () => {
    authority = await TestAuthority.create();
  });
  beforeEach(async () => {
    const pair = await authority.issue({ cn: "engine", sans: ["127.0.0.1"] });
    const verified = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    answer = (_, res) => res.end("hello");
    engine = await startTlsEngine({ ...pair, ...verified }, (req, res) => answer(req, res));
    identity = await testIdentity(authority);
    connections = new EngineConnections("127.0.0.1", engine.port, identity.identity);
    target = {
      ...targetAt(engine.port),
      agent: connections.agent,
      dial: () => connections.dial(),
    };
  });
  afterEach(async () => {
    connections.cut();
    await engine[Symbol.asyncDispose]();
    identity[Symbol.dispose]();
    await closeAll();
  });
  const get = async (port: number, host = "m"): Promise<string> => {
    const client = new RawClient(port);
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return await client.isEnded();
  };

  it("forwards, whatever name the client calls the manager, on one connection", async () => {
    const manager = await managerFor(target);
    for (const host of ["manager.example", "127.0.0.2:3376", "[::1]"])
      expect(await get(manager.port, host)).to.match(/^HTTP\/1\.1 200 [^]*hello/);
    expect(engine.secured).to.have.length(1);
    expect(engine.clients).to.deep.equal(["manager"]);
    expect(target).to.deep.include({ successes: 3, failures: [] });
  });

  it("uploads", async () => {
    let bytes = 0;
    answer = (req, res) => {
      req.on("data", (chunk: Buffer) => (bytes += chunk.length));
      req.on("end", () => res.end("taken"));
    };
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    const body = Buffer.alloc(4 << 20, "x");
    client.send(`POST / HTTP/1.1\r\nHost: m\r\nContent-Length: ${String(body.length)}\r\n\r\n`);
    client.socket.write(body);
    await client.receives(/taken/);
    expect(bytes).to.equal(body.length);
  });

  it("passes big answers on undecoded", async () => {
    const adopted: Socket[] = [];
    const manager = await managerFor({ ...target, adopt: (socket) => void adopted.push(socket) });
    const body = Buffer.alloc(3 << 20, "abcdefg").toString();
    answer = (_, res) => {
      res.writeHead(200, { "Content-Type": "application/x-tar" }).write(body);
      res.end();
    };
    const text = await get(manager.port);
    expect(text.replace(/\r\n[0-9a-f]+\r\n/g, "").includes(body)).to.equal(true);
    expect(adopted).to.have.length(1);
  });

  it("asks again when the engine has closed an idle connection meanwhile", async () => {
    const manager = await managerFor(target);
    await get(manager.port);
    const [idle] = engine.secured;
    idle!.destroy();
    expect(await get(manager.port)).to.match(/hello/);
    expect(target.failures).to.deep.equal([]);
  });

  it("sends nothing to an engine that is not who it should be, and says why", async () => {
    await identity.replace(await TestAuthority.create());
    const manager = await managerFor(target);
    expect(await get(manager.port)).to.match(/^HTTP\/1\.1 500 /);
    const outcome = await manager.nextForward();
    const text = `error during connect: https://${engine.addr}: x509: certificate signed by unknown authority`;
    expect((outcome as { error: Error }).error.message).to.include(text);
    expect((target.failures as Error[]).map(({ message }) => message.slice(0, text.length))).to.deep.equal([
      text,
    ]);

    const client = new RawClient(manager.port);
    client.send(attach);
    expect(await client.isEnded()).to.match(/^HTTP\/1\.1 500 /);
    const hijacked = await manager.nextHijack();
    expect((hijacked as { error: Error }).error.message).to.include(text);
    expect(engine.requests).to.deep.equal([]);
  });

  describe("splices", () => {
    beforeEach(() => {
      engine.server.removeAllListeners("secureConnection"); // raw connections: nobody speaks HTTP here
    });
    const attached = async () => {
      const accepted = once(engine.server, "secureConnection") as Promise<[Socket]>;
      const manager = await managerFor(target);
      const client = new RawClient(manager.port);
      client.send(attach);
      const [socket] = await accepted;
      const side = new EngineSide(socket.on("error", () => undefined));
      await side.receives(/\r\n\r\n/);
      socket.write(upgraded);
      await client.receives(/\r\n\r\n/);
      return { manager, client, side };
    };

    it("and passes 4 MiB both ways, with the client's end in between", async () => {
      const { manager, client, side } = await attached();
      client.socket.end(Buffer.alloc(4 << 20, "i"));
      await side.isEnded();
      expect(side.text.length).to.equal(attach.length + (4 << 20));
      side.socket.end(Buffer.alloc(4 << 20, "o"));
      expect((await client.isEnded()).length).to.equal(upgraded.length + (4 << 20));
      expect(await manager.nextHijack()).to.deep.equal({ kind: "spliced" });
    });

    it("and keeps the stream when the certificate is read again", async () => {
      const { client, side } = await attached();
      await identity.replace(authority, { cn: "manager of today" });
      connections.renew();
      client.send("still here");
      await side.receives(/still here$/);
      side.socket.end("so are we");
      expect(await client.isEnded()).to.match(/so are we$/);
    });

    it("and ends the engine's connection when the client leaves", async () => {
      const { manager, client, side } = await attached();
      client.socket.destroy();
      await side.isEnded();
      side.socket.end("to nobody");
      await manager.nextHijack();
    });

    it("and ends the client's when the engine is lost", async () => {
      const { manager, client, side } = await attached();
      side.socket.destroy();
      await client.isEnded();
      client.socket.end();
      await manager.nextHijack();
    });
  });

  describe("while the manager does not use TLS", () => {
    it("counts its refusal as a failure, not as an answer", async () => {
      const refusing = await rawEngine((socket) => {
        socket.resume();
        socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
      });
      const manager = await managerFor(refusing.target);
      expect(await get(manager.port)).to.match(/^HTTP\/1\.1 500 /);
      const { error } = (await manager.nextForward()) as { error: Error };
      expect(error.message).to.match(
        /^Error response from daemon: Client sent an HTTP request to an HTTPS server\./,
      );
      expect(refusing.target.failures).to.deep.equal([error]);
      expect(refusing.target.successes).to.equal(0);
    });

    it("leaves any other 400 to the client", async () => {
      const other = await httpEngine((_, res) => res.writeHead(400).end("bad"));
      const manager = await managerFor(other.target);
      expect(await get(manager.port)).to.match(/^HTTP\/1\.1 400 [^]*bad/);
      expect(other.target.successes).to.equal(1);
    });
  });
});
