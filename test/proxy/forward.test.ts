import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import {
  Mailbox,
  RawClient,
  closeAll,
  fillUntilStalled,
  httpEngine,
  isDeserted,
  managerFor,
  rawEngine,
} from "./support.ts";

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, "Host: manager", ...headers, "", ""].join("\r\n");

describe("proxy/forward", () => {
  afterEach(closeAll);

  it("hands on status, reason, repeated headers and body, with one Api-Version of its own", async () => {
    const { target } = await rawEngine((socket) =>
      socket.once("data", () =>
        socket.end(
          "HTTP/1.1 201 Made\r\nApi-Version: 1.51\r\nSet-Cookie: a=1\r\nX-Two: 1\r\nSet-Cookie: b=2\r\n" +
            "Connection: close, X-Hop\r\nX-Hop: here only\r\nContent-Length: 2\r\n\r\nok",
        ),
      ),
    );
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/x"));
    const text = await client.receives(/ok$/);
    expect(text).to.match(/^HTTP\/1\.1 201 Made\r\n/);
    expect(text.match(/^api-version: .*/gim)).to.deep.equal(["Api-Version: 1.41"]);
    expect(text.match(/^set-cookie: .*/gim)).to.deep.equal(["Set-Cookie: a=1", "Set-Cookie: b=2"]);
    expect(text).not.to.match(/x-hop/i);
    expect(await manager.nextForward()).to.deep.equal({ kind: "done", status: 201 });
    expect(target.successes).to.equal(1);
  });

  it("asks the engine for the exact path, with the client's Host and repeated headers and nothing of the hop", async () => {
    const asked = new Mailbox<string>();
    const { target } = await rawEngine((socket) =>
      socket.once("data", (data) => {
        asked.put(data.toString());
        socket.end("HTTP/1.1 204 No Content\r\n\r\n");
      }),
    );
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(
      get("/a//a?path=//b&u=http://c?d", "X-A: 1", "X-A: 2", "Connection: X-Hop", "X-Hop: 1", "TE: x"),
    );
    const text = await asked.take();
    expect(text).to.match(/^GET \/a\/\/a\?path=\/\/b&u=http:\/\/c\?d HTTP\/1\.1\r\n/);
    expect(text)
      .to.match(/\r\nhost: manager\r\n/)
      .and.match(/x-a: 1\r\nx-a: 2\r\n/);
    expect(text)
      .to.match(/connection: keep-alive/i)
      .and.not.match(/x-hop|te: x/i);
    await client.receives(/204 No Content[^]*\r\n\r\n$/);
  });

  // prettier-ignore
  const hidden = [
    { it: "a header that Connection names",      headers: ["Connection: content-length", "Content-Length: 9"],       body: "GET /evil" },
    { it: "a header beyond those that Node reads", headers: [...Array.from({ length: 45 }, () => "a:1"), "Content-Length: 9"], body: "" },
  ];
  for (const c of hidden) {
    it(`never sends a body that the headers do not announce, or the reverse: ${c.it}`, async () => {
      const asked = new Mailbox<string>();
      const { target } = await httpEngine((req, res) => {
        let body = "";
        req.on("data", (chunk) => (body += String(chunk)));
        req.on("end", () => {
          asked.put(`${req.headers["content-length"] ?? "no"} ${body}`);
          res.end();
        });
      });
      const manager = await managerFor(target);
      manager.server.maxHeadersCount = 40;
      const client = new RawClient(manager.port);
      client.send(get("/x", ...c.headers) + "GET /evil");
      expect(await asked.take()).to.equal(c.body === "" ? "no " : `9 ${c.body}`);
    });
  }

  it("releases the response headers before any body byte", async () => {
    const { target } = await httpEngine((_req, res) => res.writeHead(200).flushHeaders());
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("POST /wait?condition=next-exit HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n");
    expect(await client.receives(/\r\n\r\n/)).to.match(/^HTTP\/1\.1 200 /);
  });

  for (const status of [204, 304]) {
    it(`keeps the connection usable after a ${status} and a HEAD`, async () => {
      const { target } = await httpEngine((req, res) => {
        if (req.method === "HEAD") res.writeHead(200, { "Content-Length": 7 }).end();
        else res.writeHead(status).end();
      });
      const manager = await managerFor(target);
      const client = new RawClient(manager.port);
      client.send(get("/1"));
      await client.receives(new RegExp(`^HTTP/1.1 ${status} [^]*\r\n\r\n$`));
      client.send("HEAD /2 HTTP/1.1\r\nHost: m\r\n\r\n");
      await client.receives(/HTTP\/1\.1 200 [^]*Content-Length: 7[^]*\r\n\r\n$/);
      client.send(get("/3"));
      const text = await client.receives(new RegExp(`200 [^]*HTTP/1.1 ${status} [^]*\r\n\r\n$`));
      expect(text).not.to.match(/transfer-encoding/i);
    });
  }

  it("ends the engine's request when the client leaves before the headers", async () => {
    const arrived = new Mailbox<IncomingMessage>();
    const { target, server } = await httpEngine((req) => arrived.put(req));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/never"));
    await arrived.take();
    client.socket.destroy();
    expect(await manager.nextForward()).to.deep.equal({ kind: "client-left" });
    await isDeserted(server);
    expect(target.failures).to.deep.equal([]);
  });

  it("resets the engine's connection when the client leaves, so that nothing on its way comes later", async () => {
    const arrived = new Mailbox<IncomingMessage>();
    const { target } = await httpEngine((req) => arrived.put(req));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("DELETE /containers/web HTTP/1.1\r\nHost: m\r\n\r\n");
    const { socket } = await arrived.take();
    const ended = new Promise<string | undefined>((resolve) => {
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.once("close", () => resolve(undefined));
    });
    client.socket.destroy();
    expect(await ended).to.equal("ECONNRESET");
  });

  it("ends the engine's request when the client leaves a stream", async () => {
    const { target, server } = await httpEngine((_req, res) => res.write("log line\n"));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs?follow=1"));
    await client.receives(/log line/);
    client.socket.destroy();
    expect(await manager.nextForward()).to.deep.equal({ kind: "client-left" });
    await isDeserted(server);
  });

  it("cuts the client's stream when the engine dies", async () => {
    const { target } = await httpEngine((_req, res) => void res.write("half", () => res.destroy()));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/export"));
    expect(await client.isEnded()).to.match(/half\r\n$/);
    const outcome = await manager.nextForward();
    expect(outcome).to.include({ kind: "engine-failed", headersSent: true });
    await isDeserted(manager.server);
  });

  it("writes nothing when the engine fails before its headers: the caller answers", async () => {
    const { target } = await httpEngine((req) => req.socket.destroy());
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/x"));
    expect(await client.receives(/engine failed/)).to.match(/^HTTP\/1\.1 500 /);
    expect(await manager.nextForward()).to.include({ kind: "engine-failed", headersSent: false });
    expect(target.failures).to.have.length(1);
  });

  // prettier-ignore
  const repeats = [
    { it: "repeats a request that only reads when the pooled connections are stale", method: "GET",  cut: false, status: 200, connections: 3 },
    { it: "does not repeat one that changes something",                              method: "POST", cut: false, status: 500, connections: 2 },
    { it: "does not repeat one whose connection we cut ourselves",                   method: "GET",  cut: true,  status: 500, connections: 2 },
  ];
  for (const c of repeats)
    it(c.it, async () => {
      let connections = 0;
      const { target } = await rawEngine((socket) => {
        connections += 1;
        const stale = connections <= 2;
        let requests = 0;
        socket.on("data", () => {
          requests += 1;
          if (stale && requests > 1) {
            if (c.cut) (target as { cuts: number }).cuts++;
            socket.resetAndDestroy();
          } else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
      });
      const manager = await managerFor(target);
      const first = [new RawClient(manager.port), new RawClient(manager.port)];
      for (const client of first) client.send(get("/warm-up"));
      await Promise.all(first.map((client) => client.receives(/ok$/)));
      const client = new RawClient(manager.port);
      client.send(get("/x").replace("GET", c.method));
      await client.receives(/\r\n\r\n/);
      expect(client.text).to.match(new RegExp(`^HTTP/1\\.1 ${c.status} `));
      expect(connections).to.equal(c.connections);
    });

  it("does not repeat an upload", async () => {
    let connections = 0;
    const { target } = await rawEngine((socket) => {
      connections += 1;
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        socket.once("data", () => socket.resetAndDestroy());
      });
    });
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/warm-up"));
    await client.receives(/ok$/);
    client.send("POST /x HTTP/1.1\r\nHost: m\r\nContent-Length: 4\r\n\r\nbody");
    await client.receives(/engine failed/);
    expect(connections).to.equal(1);
  });

  it("takes a download no faster than its client", async () => {
    const taken = new Mailbox<number>();
    const { target } = await httpEngine(
      (_req, res) => void fillUntilStalled(res, 200).then((pieces) => taken.put(pieces)),
    );
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.socket.pause();
    client.send(get("/save"));
    expect(await taken.take()).to.be.below(100);
  });

  it("refuses a path that would split the request", async () => {
    const { target } = await httpEngine((_req, res) => res.end());
    const manager = await managerFor(target, { forward: { path: "/x HTTP/1.1\r\nHost: y" } });
    const client = new RawClient(manager.port);
    client.send(get("/x"));
    await client.receives(/engine failed/);
  });

  it("leaves no socket and no listener behind", async () => {
    const { target, server } = await httpEngine((_req, res) => res.end("ok"));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    for (let i = 1; i <= 20; i++) {
      client.send(get("/x"));
      await client.receives(new RegExp(`^(?:[^]*?\r\n\r\nok){${i}}$`));
      await manager.nextForward();
    }
    const pooled = Object.values(target.agent.freeSockets).flatMap((sockets) => sockets ?? []);
    expect(pooled).to.have.length(1);
    for (const event of ["close", "error", "end", "data", "drain"]) {
      expect(pooled[0]!.listenerCount(event), event).to.be.below(4);
    }
    client.socket.destroy();
    await isDeserted(manager.server);
    target.agent.destroy();
    await isDeserted(server);
  });
});
