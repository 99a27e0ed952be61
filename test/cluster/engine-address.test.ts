import { once } from "node:events";
import {
  createServer as createHttpServer,
  get,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { request } from "node:https";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect } from "chai";
import { EngineConnections, hostPort } from "../../src/cluster/engine-address.ts";
import { CallScope } from "../../src/docker/call-scope.ts";
import { EngineUnreachableError } from "../../src/docker/engine-client.ts";
import { startTlsEngine, testIdentity, type TestIdentity, type TlsEngine } from "../docker/tls-engine.ts";
import { eventually } from "../lab/eventually.ts";
import { TestAuthority } from "../support/certificates.ts";

async function startHttp(answer: (res: ServerResponse) => void) {
  const sockets = new Set<Socket>();
  const server = createHttpServer((_, res) => answer(res)).listen(0, "127.0.0.1");
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
}

describe("cluster/engine-address", () => {
  let server: Server;
  let connections: EngineConnections;
  beforeEach(async () => {
    server = createServer().listen(0, "127.0.0.1");
    // What is cut is reset.
    server.on("connection", (socket) => socket.on("error", () => undefined));
    await once(server, "listening");
    connections = new EngineConnections("127.0.0.1", (server.address() as AddressInfo).port);
  });
  afterEach(() => {
    connections.cut();
    server.close();
  });
  const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

  it("writes IPv6 addresses in brackets", () => {
    expect(hostPort({ host: "::1", port: 2375 })).to.equal("[::1]:2375");
    expect(hostPort({ host: "n1", port: 2375 })).to.equal("n1:2375");
  });

  it("resolves names, unless it is given up", async () => {
    expect(await connections.resolve(new AbortController().signal)).to.equal("127.0.0.1");
    expect(await failure(connections.resolve(AbortSignal.abort()))).to.be.instanceOf(Error);
  });

  it("dials, and cuts what it dialled", async () => {
    const socket = await connections.dial();
    expect(socket.listenerCount("error")).to.equal(0);
    const closed = once(socket, "close");
    connections.cut();
    await closed;
    (await connections.dial()).destroy();
  });

  it("dials what it has prepared, and drops it when the certificate is another", async () => {
    let opened = 0;
    server.on("connection", () => opened++);
    connections.prepare();
    await eventually("it is open", () => opened === 1);
    (await connections.dial()).destroy();
    expect(opened).to.equal(1);
    connections.prepare();
    await eventually("another is open", () => opened === 2);
    connections.renew();
    (await connections.dial()).destroy();
    await eventually("a new one was opened", () => opened === 3);
  });

  it("cuts a connection that is only being made", async () => {
    const dialling = failure(connections.dial());
    connections.cut();
    const error = await dialling;
    expect(error).to.be.instanceOf(EngineUnreachableError);
    expect((error as Error).message).to.include("the engine was given up");
  });

  it("cuts a connection that has left the pool", async () => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    connections.adopt(socket);
    const closed = once(socket, "close");
    connections.cut();
    await closed;
  });

  it("closes what is idle, and nothing that is in use", async () => {
    await using http = await startHttp((res) => setTimeout(() => res.end("late"), 300));
    const pool = new EngineConnections("127.0.0.1", http.port, undefined, undefined, 100);
    const [answer] = (await once(get({ port: http.port, agent: pool.agent }), "response")) as [
      IncomingMessage,
    ];
    expect((await answer.toArray()).join("")).to.equal("late");
    expect(http.open()).to.equal(1);
    await eventually("it is closed", () => http.open() === 0);
  });

  it("drops the idle connection of a short call when told to, and with cut the one in use", async () => {
    let answers = true;
    await using http = await startHttp((res) => {
      if (answers) res.end("{}");
    });
    const pool = new EngineConnections("127.0.0.1", http.port);
    const message = "GET / HTTP/1.1\r\nHost: engine\r\n\r\n";
    const ask = () => pool.wire.send({ method: "GET", message, maxAnswerBytes: 100 }, new CallScope(0, {}));
    expect((await ask()).body.toString()).to.equal("{}");
    pool.renew();
    await eventually("it is closed", () => http.open() === 0);
    answers = false;
    const waiting = failure(ask());
    await eventually("it is asked", () => http.open() === 1);
    pool.cut();
    expect(await waiting).to.include({ code: "ECONNRESET" });
    expect(pool.cuts).to.equal(1);
    await eventually("it is closed, too", () => http.open() === 0);
    answers = true;
    expect((await ask()).status).to.equal(200);
    pool.cut();
  });

  it("lets nothing that is on its way come later, whoever sent it", async () => {
    const { port } = server.address() as AddressInfo;
    const ends: Promise<string | undefined>[] = [];
    server.on("connection", (socket: Socket) => {
      const ended = new Promise<string | undefined>((resolve) => {
        socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
        socket.once("close", () => resolve(undefined));
      });
      socket.once("data", () => ends.push(ended));
    });
    const message = "DELETE / HTTP/1.1\r\nHost: engine\r\n\r\n";
    const scope = new CallScope(0, {});
    const short = failure(connections.wire.send({ method: "DELETE", message, maxAnswerBytes: 100 }, scope));
    const forwarded = once(httpRequest({ port, agent: connections.agent, method: "DELETE" }).end(), "error");
    (await connections.dial()).on("error", () => undefined).write("said");
    await eventually("all have arrived", () => ends.length === 3);
    connections.cut();
    await Promise.all([short, forwarded]);
    expect(await Promise.all(ends)).to.deep.equal(["ECONNRESET", "ECONNRESET", "ECONNRESET"]);
  });

  it("says that nobody listens", async () => {
    server.close();
    const error = await failure(connections.dial());
    expect(error).to.be.instanceOf(EngineUnreachableError).and.include({ code: "ECONNREFUSED" });
  });

  describe("over TLS", () => {
    let authority: TestAuthority;
    let engine: TlsEngine;
    let identity: TestIdentity;
    let secure: EngineConnections;
    before(async () => {
      authority = await TestAuthority.create();
    });
    beforeEach(async () => {
      const pair = await authority.issue({ cn: "engine", sans: ["127.0.0.1"] });
      engine = await startTlsEngine({ ...pair, ca: authority.ca, requestCert: true });
      engine.server.removeAllListeners("secureConnection"); // raw connections: nobody speaks HTTP here
      identity = await testIdentity(authority);
      secure = new EngineConnections("127.0.0.1", engine.port, identity.identity);
    });
    afterEach(async () => {
      secure.cut();
      await engine[Symbol.asyncDispose]();
      identity[Symbol.dispose]();
    });
    const dialBoth = async (): Promise<[Socket, TLSSocket]> => {
      const accepted = once(engine.server, "secureConnection") as Promise<[TLSSocket]>;
      const socket = await secure.dial();
      const [other] = await accepted;
      return [socket, other.on("error", () => undefined)];
    };

    it("dials, and has no listeners of its own left", async () => {
      const [socket] = await dialBoth();
      expect(socket).to.include({ authorized: true });
      expect(socket.listenerCount("error")).to.equal(0);
    });

    it("sends nothing of a request that may no longer be made when its handshake is over", async () => {
      const refusal = new Error("not the primary");
      const asked: string[] = [];
      const fence = (method: string): void => {
        asked.push(method);
        throw refusal;
      };
      const { port } = engine;
      const fencedOff = new EngineConnections("127.0.0.1", port, identity.identity, fence);
      let received = 0;
      engine.server.on("secureConnection", (socket: TLSSocket) => {
        socket.on("error", () => undefined).on("data", ({ length }: Buffer) => (received += length));
      });
      const req = request({ agent: fencedOff.agent, method: "DELETE", path: "/containers/x" });
      req.end();
      const [error] = (await once(req, "error")) as [unknown];
      expect(error).to.equal(refusal);
      // What had been sent would be there before another connection is.
      await dialBoth();
      expect({ received, asked }).to.deep.equal({ received: 0, asked: ["DELETE"] });
    });

    it("dials a prepared connection, handshake and all, unless its engine has left it", async () => {
      let accepted: TLSSocket[] = [];
      engine.server.on("secureConnection", (socket: TLSSocket) => {
        accepted.push(socket.on("error", () => undefined));
      });
      secure.prepare();
      await eventually("it is there", () => accepted.length === 1);
      expect(await secure.dial()).to.include({ authorized: true });
      expect(accepted.length).to.equal(1);
      for (const how of ["end", "destroy"] as const) {
        accepted = [];
        secure.prepare();
        await eventually("it is there", () => accepted.length === 1);
        const [left] = accepted;
        const closed = once(left!.resume(), "close");
        left![how]();
        await closed;
        const socket = await secure.dial();
        await eventually("another is dialled", () => accepted.length === 2);
        socket.destroy();
      }
    });

    it("hands over the engine's output after our side has ended", async () => {
      const [socket, other] = await dialBoth();
      let input = "";
      other.setEncoding("utf8").on("data", (text: string) => (input += text));
      const ended = once(other, "end");
      socket.end("all we have to say");
      await ended;
      expect(input).to.equal("all we have to say");
      const output = Buffer.alloc(4 << 20, "x");
      other.end(output);
      let bytes = 0;
      for await (const chunk of socket as AsyncIterable<Buffer>) bytes += chunk.length;
      expect(bytes).to.equal(output.length);
    });

    it("sends on after the engine's side has ended", async () => {
      const [socket, other] = await dialBoth();
      const ended = once(socket.resume(), "end");
      other.end();
      await ended;
      expect(socket.writable).to.equal(true);
      socket.end("late words");
      let input = "";
      for await (const chunk of other.setEncoding("utf8") as AsyncIterable<string>) input += chunk;
      expect(input).to.equal("late words");
    });

    it("stops reading when told to, so that a slow client slows the engine", async () => {
      const [socket, other] = await dialBoth();
      socket.pause();
      const first = once(socket, "readable");
      let sent = 0;
      const fill = (): void => {
        while (other.write(Buffer.alloc(1 << 16)) && sent < 64 << 20) sent += 1 << 16;
      };
      fill();
      other.on("drain", fill);
      await first;
      await new Promise(setImmediate);
      expect(socket.readableLength).to.be.lessThan(1 << 20);
      socket.destroy();
    });

    it("ends with the engine's connection, and with cut", async () => {
      const [first, other] = await dialBoth();
      const lost = once(first.on("error", () => undefined).resume(), "end");
      other.destroy();
      await lost;
      const [second, peer] = await dialBoth();
      const gone = once(peer.resume(), "end");
      const closed = once(second, "close");
      secure.cut();
      await Promise.all([closed, gone]);
    });

    it("cuts a connection whose handshake is under way", async () => {
      const dialling = failure(secure.dial());
      secure.cut();
      expect(await dialling).to.be.instanceOf(EngineUnreachableError);
      expect(((await dialling) as Error).message).to.include("the engine was given up");
    });

    it("cuts a connection to an engine that never ends its handshake", async () => {
      const silent = new EngineConnections(
        "127.0.0.1",
        (server.address() as AddressInfo).port,
        identity.identity,
      );
      const accepted = once(server, "connection");
      const dialling = failure(silent.dial());
      await accepted;
      silent.cut();
      expect(await dialling).to.be.instanceOf(EngineUnreachableError);
    });

    it("refuses an engine of another authority, in Docker's words", async () => {
      await identity.replace(await TestAuthority.create());
      const error = await failure(secure.dial());
      expect(error).to.be.instanceOf(EngineUnreachableError);
      expect((error as Error).message).to.match(
        /^error during connect: https:\/\/127\.0\.0\.1:\d+: x509: certificate signed by unknown authority/,
      );
    });

    it("uses what was read again", async () => {
      await dialBoth();
      await identity.replace(authority, { cn: "manager of today" });
      secure.renew();
      const [, other] = await dialBoth();
      expect(other.getPeerCertificate().subject.CN).to.equal("manager of today");
    });

    it("keeps streams that are open when the certificate is read again", async () => {
      const [socket, other] = await dialBoth();
      await identity.replace(authority, { cn: "manager of today" });
      secure.renew();
      other.end("still here");
      let output = "";
      for await (const chunk of socket.setEncoding("utf8") as AsyncIterable<string>) output += chunk;
      expect(output).to.equal("still here");
    });
  });
});
