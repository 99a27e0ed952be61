import { Agent, request as httpRequest } from "node:http";
import { expect } from "chai";
import { NoPrimaryError } from "../../../src/replication/manager-role.ts";
import { freePort, request, until } from "../../api/support.ts";
import { closeAll, rawEngine, RawClient, happens } from "../../proxy/support.ts";
import { FakeReplication, namedPrimary, startPrimary, startReplica, stopReplicas } from "./support.ts";

describe("replication/relay", () => {
  afterEach(async () => {
    await stopReplicas();
    await closeAll();
  });

  describe("decides for each request", () => {
    it("answers itself while it leads, and passes to the primary while another does, on one connection", async () => {
      const { port, replication } = await startReplica();
      const [one, two] = [await namedPrimary("one"), await namedPrimary("two")];
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets = new Set<unknown>();
      const ask = (path: string): Promise<string> =>
        new Promise((resolve, reject) => {
          httpRequest({ port, path, agent }, (res) => {
            sockets.add(res.socket);
            let text = "";
            res.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
          })
            .on("error", reject)
            .end();
        });
      replication.elect(one.addr);
      const heard = [await ask("/v1.41/version"), await ask("/info")];
      replication.elect(two.addr);
      heard.push(await ask("/version"));
      replication.lead();
      heard.push(await ask("/version"));
      replication.elect(one.addr);
      heard.push(await ask("/version"));
      agent.destroy();
      expect(heard).to.deep.equal([
        "one GET /v1.41/version",
        "here GET /info",
        "two GET /version",
        "here GET /version",
        "one GET /version",
      ]);
      expect(sockets.size).to.equal(1);
    });

    it("does not act on a lease that has run out", async () => {
      const { port, replication } = await startReplica({ waitMs: 0 });
      replication.lead();
      replication.expire();
      const { status, message } = await request(port, "GET", "/containers/json");
      expect(status).to.equal(503);
      expect(message).to.match(/^No elected primary cluster manager/);
    });

    it("answers what is about itself also without any primary", async () => {
      const { port } = await startReplica();
      for (const path of ["/_ping", "/v1.41/info", "/cluster/leader"])
        expect((await request(port, "GET", path)).text).to.equal(`here GET ${path}`);
    });
  });

  describe("passes on what it does not understand itself", () => {
    it("keeps method, path, query, headers, body and the primary's own answer", async () => {
      const { port, replication } = await startReplica();
      let seen: Record<string, unknown> = {};
      const { addr } = await startPrimary((req, res) => {
        let body = "";
        req.on("data", (chunk: Buffer) => (body += chunk.toString()));
        req.on("end", () => {
          seen = {
            method: req.method,
            url: req.url,
            auth: req.headers["x-registry-auth"],
            body,
            expect: req.headers.expect,
          };
          res.writeHead(418, "I am a teapot", {
            "Api-Version": "1.40",
            Server: "Docker/swarm-9 (linux)",
            "X-Odd": ["a", "b"],
          });
          res.end("tea");
        });
      });
      replication.elect(addr);
      const answer = await request(port, "PUT", "/v1.40/a%2Fb//c?x=%20&x=2", {
        body: "payload",
        headers: { "X-Registry-Auth": "secret", "X-Swarm-Node": "node-2" },
      });
      expect(seen).to.deep.equal({
        method: "PUT",
        url: "/v1.40/a%2Fb//c?x=%20&x=2",
        auth: "secret",
        body: "payload",
        expect: undefined,
      });
      expect([answer.status, answer.text]).to.deep.equal([418, "tea"]);
      expect(answer.headers).to.include({
        "api-version": "1.40",
        server: "Docker/swarm-9 (linux)",
        "x-odd": "a, b",
      });
      expect(answer.rawHeaders.filter((name) => /^api-version$/i.test(name))).to.have.length(1);
    });

    it("says who it is and for whom it asks, whatever the client says of that", async () => {
      const { port, replication } = await startReplica();
      let headers: NodeJS.Dict<string | string[]> = {};
      const { addr } = await startPrimary((req, res) => {
        headers = req.headers;
        res.end();
      });
      replication.elect(addr);
      await request(port, "GET", "/version", {
        headers: { "X-Swarm-Client": "forged", "X-SWARM-VIA": "no address!", "X-Swarm-Node": "node-2" },
      });
      expect(headers).to.include({
        "x-swarm-via": "10.0.0.2:2375",
        "x-swarm-client": "client-of-GET",
        "x-swarm-node": "node-2",
      });
    });

    it("answers what cannot be told of a client as the API does", async () => {
      const describe = (): string => {
        throw new NoPrimaryError("not you");
      };
      const { port, replication } = await startReplica({ local: { describe } });
      replication.elect((await namedPrimary("one")).addr);
      expect((await request(port, "GET", "/version")).message).to.equal("not you");
    });
  });

  describe("without a primary", () => {
    it("waits for one", async () => {
      const { port, replication, relay } = await startReplica();
      const answer = request(port, "POST", "/build?t=x", { body: "context" });
      await until(() => relay.load.waiting === 1);
      replication.elect((await namedPrimary("one")).addr);
      expect((await answer).text).to.equal("one POST /build?t=x");
      expect(relay.load.waiting).to.equal(0);
    });

    it("answers itself when it becomes primary meanwhile", async () => {
      const { port, replication, relay } = await startReplica();
      const answer = request(port, "GET", "/version");
      await until(() => relay.load.waiting === 1);
      replication.lead();
      expect((await answer).text).to.equal("here GET /version");
    });

    it("gives up after its time with a 503 that says when to come back", async () => {
      const { port } = await startReplica({ waitMs: 30 });
      const { status, message, headers } = await request(port, "GET", "/version");
      expect([status, headers["retry-after"]]).to.deep.equal([503, "2"]);
      expect(message).to.equal("No elected primary cluster manager: none within 0.03 s, try again");
    });

    it("stops waiting when the client leaves", async () => {
      const { port, relay } = await startReplica();
      const client = new RawClient(port);
      client.send("GET /version HTTP/1.1", "Host: x", "", "");
      await until(() => relay.load.waiting === 1);
      client.socket.destroy();
      await until(() => relay.load.waiting === 0);
    });

    it("lets only so many wait", async () => {
      const { port, relay } = await startReplica({ maxWaiting: 1 });
      const client = new RawClient(port);
      client.send("GET /version HTTP/1.1", "Host: x", "", "");
      await until(() => relay.load.waiting === 1);
      const { status, message } = await request(port, "GET", "/version");
      expect(status).to.equal(503);
      expect(message).to.match(/too many requests wait/);
    });

    it("reads no body while it waits", async () => {
      const { port, relay } = await startReplica();
      const client = new RawClient(port);
      client.send("POST /build HTTP/1.1", "Host: x", "Content-Length: 1000000000", "", "");
      const piece = Buffer.alloc(1 << 20);
      for (let n = 0; n < 64; n++) client.socket.write(piece);
      await until(() => relay.load.waiting === 1);
      // So long that 64 MiB would have gone if somebody read them.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(client.socket.writableLength).to.be.greaterThan(32 << 20);
      client.socket.destroy();
    });

    it("does not wait once it is closed", async () => {
      const { port, relay } = await startReplica();
      const answer = request(port, "GET", "/version");
      await until(() => relay.load.waiting === 1);
      await relay[Symbol.asyncDispose]();
      expect((await answer).status).to.equal(503);
    });
  });

  describe("with a primary that cannot be reached", () => {
    it("says so when the time is up", async () => {
      const { port, replication } = await startReplica({ waitMs: 0 });
      const addr = `127.0.0.1:${await freePort()}`;
      replication.elect(addr);
      const { status, message, headers } = await request(port, "POST", "/containers/create", { body: {} });
      expect([status, headers["retry-after"]]).to.deep.equal([503, "2"]);
      expect(message).to.equal(
        `Unable to reach primary cluster manager (connect ECONNREFUSED ${addr}): ${addr}`,
      );
    });

    it("tries again until it is there, and has lost nothing of the request", async () => {
      const { port, replication, relay } = await startReplica();
      const there = await freePort();
      replication.elect(`127.0.0.1:${there}`);
      const answer = request(port, "POST", "/echo", { body: "all of it" });
      await until(() => relay.load.waiting === 1);
      const { server } = await startPrimary((req, res) => void req.pipe(res));
      const { port: real } = server.address() as { port: number };
      replication.elect(`127.0.0.1:${real}`);
      expect((await answer).text).to.equal("all of it");
    });

    it("tries the same one again by itself", async () => {
      const { port, replication, relay } = await startReplica();
      const there = await freePort();
      replication.elect(`127.0.0.1:${there}`);
      const answer = request(port, "GET", "/version");
      await until(() => relay.load.waiting === 1);
      const { server } = await startPrimary((_req, res) => res.end("late"));
      await new Promise<void>((resolve) => server.close(() => server.listen(there, "127.0.0.1", resolve)));
      expect((await answer).text).to.equal("late");
    });

    it("goes to another one as soon as that is primary", async () => {
      const { port, replication } = await startReplica();
      // No host of this network exists (RFC 5737): nothing answers.
      replication.elect("192.0.2.1:2375");
      const answer = request(port, "GET", "/version");
      await new Promise((resolve) => setTimeout(resolve, 20));
      replication.elect((await namedPrimary("two")).addr);
      expect((await answer).text).to.equal("two GET /version");
    });

    for (const [what, addr] of [
      ["no address", "nonsense"],
      ["hostile text", "a\r\nX-Evil: 1:99999\u001b[31m"],
    ] as const) {
      it(`does not dial ${what}`, async () => {
        const { port, replication } = await startReplica({ waitMs: 0 });
        replication.elect(addr);
        const { status, message } = await request(port, "GET", "/version");
        expect(status).to.equal(503);
        expect(message).to.match(
          /^Unable to reach primary cluster manager \(this is no address\): [\x21-\x7e]+$/,
        );
      });
    }
  });

  describe("with a primary that dies", () => {
    it("says of a request that was sent that it may have been carried out", async () => {
      const { port, replication } = await startReplica({ waitMs: 0 });
      let asked = 0;
      const { addr } = await startPrimary((req) => {
        asked++;
        req.socket.destroy();
      });
      replication.elect(addr);
      const { status, message, headers } = await request(port, "POST", "/containers/web/restart");
      expect([status, headers["retry-after"], asked]).to.deep.equal([503, "2", 1]);
      expect(message).to.match(
        /^Lost primary cluster manager before it answered \(.*\): .*: the request may have been carried out$/,
      );
    });

    it("repeats once what only reads, with whoever is primary then", async () => {
      const { port, replication } = await startReplica();
      const second = await namedPrimary("second");
      const { addr } = await startPrimary((req) => {
        replication.elect(second.addr);
        req.socket.destroy();
      });
      replication.elect(addr);
      expect((await request(port, "GET", "/containers/json")).text).to.equal("second GET /containers/json");
    });

    it("repeats it once only", async () => {
      const { port, replication } = await startReplica({ waitMs: 0 });
      let asked = 0;
      const { addr } = await startPrimary((req) => {
        asked++;
        req.socket.destroy();
      });
      replication.elect(addr);
      expect((await request(port, "GET", "/containers/json")).status).to.equal(503);
      expect(asked).to.equal(2);
    });

    it("cuts the client off in the middle of an answer", async () => {
      const { port, replication } = await startReplica();
      const { addr } = await startPrimary((_req, res) => {
        res.write("half");
        setImmediate(() => res.destroy());
      });
      replication.elect(addr);
      const client = new RawClient(port);
      client.send("GET /events HTTP/1.1", "Host: x", "", "");
      const text = await client.isEnded();
      expect(text).to.match(/^HTTP\/1\.1 200 OK[^]*half/);
      expect(text).not.to.match(/\r\n0\r\n\r\n$/);
    });
  });

  describe("in a circle of managers", () => {
    // prettier-ignore
    const cases = [
      { it: "refuses what it has passed on before",  via: "10.0.0.1:1,10.0.0.2:2375" },
      { it: "refuses what has gone too far",         via: "10.0.0.1:1,10.0.0.3:1,10.0.0.4:1,10.0.0.5:1" },
    ];
    for (const { it: title, via } of cases) {
      it(title, async () => {
        const { port, replication } = await startReplica();
        replication.elect((await namedPrimary("one")).addr);
        const { status, message, headers } = await request(port, "GET", "/version", {
          headers: { "X-Swarm-Via": via },
        });
        expect([status, headers["retry-after"]]).to.deep.equal([503, "2"]);
        expect(message).to.match(
          /the managers do not agree who it is \(10\.0\.0\.1:1 -> .*10\.0\.0\.2:2375\)/,
        );
      });
    }

    it("answers it while it leads", async () => {
      const { port, replication } = await startReplica();
      replication.lead();
      const { text } = await request(port, "GET", "/version", {
        headers: { "X-Swarm-Via": "10.0.0.2:2375" },
      });
      expect(text).to.equal("here GET /version");
    });

    it("waits for another primary than the one it came from", async () => {
      const { port, replication, relay } = await startReplica();
      const [stale, fresh] = [await namedPrimary("stale"), await namedPrimary("fresh")];
      replication.elect(stale.addr);
      const answer = request(port, "GET", "/version", { headers: { "X-Swarm-Via": stale.addr } });
      await until(() => relay.load.waiting === 1);
      replication.elect(fresh.addr);
      expect((await answer).text).to.equal("fresh GET /version");
    });

    it("ends with an answer when two take each other for the primary", async () => {
      const [a, b] = [new FakeReplication("10.0.0.1:1"), new FakeReplication("10.0.0.2:1")];
      const [one, two] = [
        await startReplica({ replication: a }),
        await startReplica({ replication: b, waitMs: 30 }),
      ];
      a.elect(`127.0.0.1:${two.port}`);
      b.elect(`127.0.0.1:${one.port}`);
      const { status, message } = await request(one.port, "POST", "/containers/create", { body: {} });
      expect(status).to.equal(503);
      expect(message).to.match(/do not agree who it is \(10\.0\.0\.1:1 -> 10\.0\.0\.2:1 -> 10\.0\.0\.1:1\)/);
    });
  });

  it("gives everything back when it is closed", async () => {
    const { port, replication, relay } = await startReplica();
    const { server, addr } = await startPrimary((_req, res) => void res.write("begun"));
    replication.elect(addr);
    const client = new RawClient(port);
    client.send("GET /events HTTP/1.1", "Host: x", "", "");
    await client.receives(/begun/);
    expect(replication.listeners).to.equal(2);
    const gone = happens(client.socket, "close");
    await relay[Symbol.asyncDispose]();
    client.socket.end();
    await gone;
    expect(replication.listeners).to.equal(0);
    await until(
      async () => (await new Promise((resolve) => server.getConnections((_e, n) => resolve(n)))) === 0,
    );
  });

  it("keeps connections to the primary for the next request", async () => {
    const { port, replication } = await startReplica();
    let connections = 0;
    const { server, addr } = await namedPrimary("one");
    server.on("connection", () => connections++);
    replication.elect(addr);
    for (let n = 0; n < 5; n++) await request(port, "GET", "/version");
    expect(connections).to.equal(1);
  });

  it("knows a primary that speaks no HTTP", async () => {
    const { port, replication } = await startReplica({ waitMs: 0 });
    const { target } = await rawEngine((socket) => socket.end("SSH-2.0-x\r\n"));
    replication.elect(target.addr);
    expect((await request(port, "POST", "/containers/prune")).status).to.equal(503);
  });
});
