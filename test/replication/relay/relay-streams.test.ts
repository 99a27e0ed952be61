import { request as httpRequest } from "node:http";
import { expect } from "chai";
import { request, until } from "../../api/support.ts";
import { closeAll, Mailbox, RawClient } from "../../proxy/support.ts";
import { attach, handEngine, legacyRaw, upgraded } from "../../proxy/raw-support.ts";
import { startPrimary, startReplica, stopReplicas } from "./support.ts";

describe("replication/relay streams", () => {
  afterEach(async () => {
    await stopReplicas();
    await closeAll();
  });

  describe("of plain requests", () => {
    it("lets an upload wait for a slow primary instead of keeping it", async () => {
      const { port, replication } = await startReplica();
      const uploads = new Mailbox<{ resume: () => void; bytes: () => number }>();
      const { addr } = await startPrimary((req, res) => {
        let bytes = 0;
        uploads.put({
          resume: () => req.on("data", (chunk: Buffer) => (bytes += chunk.length)),
          bytes: () => bytes,
        });
        req.once("end", () => res.end(String(bytes)));
      });
      replication.elect(addr);
      const total = 64 << 20;
      const client = httpRequest({ port, method: "POST", path: "/build", agent: false });
      const answered = new Promise<string>((resolve, reject) => {
        client.on("error", reject).on("response", (res) => {
          let text = "";
          res.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
        });
      });
      client.write(Buffer.alloc(total));
      client.end();
      const upload = await uploads.take();
      await new Promise((resolve) => setTimeout(resolve, 300));
      // The client still holds most of it: nobody between keeps it.
      expect(client.writableLength).to.be.greaterThan(total / 2);
      upload.resume();
      expect(await answered).to.equal(String(total));
    });

    it("answers Expect: 100-continue once", async () => {
      const { port, replication } = await startReplica();
      const { addr } = await startPrimary((req, res) => void req.resume().once("end", () => res.end("done")));
      replication.elect(addr);
      const client = new RawClient(port);
      client.send(
        "POST /images/load HTTP/1.1",
        "Host: x",
        "Content-Length: 4",
        "Expect: 100-continue",
        "",
        "",
      );
      await client.receives(/100 Continue\r\n\r\n/);
      client.send("body");
      const text = await client.receives(/done/);
      expect(text.match(/100 Continue/g)).to.have.length(1);
    });

    it("flushes headers and events at once", async () => {
      const { port, replication } = await startReplica();
      const answers = new Mailbox<{ write: (text: string) => void; end: () => void }>();
      const { addr } = await startPrimary((_req, res) => {
        res.flushHeaders();
        answers.put({ write: (text) => void res.write(text), end: () => void res.end() });
      });
      replication.elect(addr);
      const client = new RawClient(port);
      client.send("GET /events HTTP/1.1", "Host: x", "", "");
      await client.receives(/^HTTP\/1\.1 200 OK[^]*\r\n\r\n/);
      const answer = await answers.take();
      answer.write('{"a":1}\n');
      await client.receives(/\{"a":1\}\n/);
      answer.write('{"a":2}\n');
      await client.receives(/\{"a":2\}\n/);
      answer.end();
      await client.receives(/\r\n0\r\n\r\n$/);
    });

    // prettier-ignore
    const bodyless = [
      { method: "HEAD", status: 200, headers: { "Content-Length": "512", "X-Docker-Container-Path-Stat": "e30=" } },
      { method: "DELETE", status: 204, headers: {} },
      { method: "POST", status: 304, headers: {} },
    ];
    for (const { method, status, headers } of bodyless) {
      it(`passes on a ${status} to ${method}, and the connection goes on`, async () => {
        const { port, replication } = await startReplica();
        const { addr } = await startPrimary((_req, res) => res.writeHead(status, headers).end());
        replication.elect(addr);
        const client = new RawClient(port);
        client.send(`${method} /containers/x/archive HTTP/1.1`, "Host: x", "", "");
        await client.receives(/\r\n\r\n$/);
        client.send("GET /_ping HTTP/1.1", "Host: x", "", "");
        const text = await client.receives(/here GET \/_ping/);
        expect(text).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
        for (const [name, value] of Object.entries(headers)) expect(text).to.include(`${name}: ${value}`);
      });
    }

    it("passes chunked uploads on as they come", async () => {
      const { port, replication } = await startReplica();
      const { addr } = await startPrimary((req, res) => void req.pipe(res));
      replication.elect(addr);
      const client = new RawClient(port);
      client.send("PUT /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "5", "first", "");
      await client.receives(/first/);
      client.send("6", "second", "0", "", "");
      await client.receives(/second[^]*\r\n0\r\n\r\n$/);
    });

    it("ends the primary's work when the client leaves", async () => {
      const { port, replication } = await startReplica();
      const closed = new Mailbox<boolean>();
      const { addr } = await startPrimary((_req, res) => {
        res.once("close", () => closed.put(res.writableFinished)).write("log line");
      });
      replication.elect(addr);
      const client = new RawClient(port);
      client.send("GET /containers/x/logs?follow=1 HTTP/1.1", "Host: x", "", "");
      await client.receives(/log line/);
      client.socket.destroy();
      expect(await closed.take()).to.equal(false);
    });
  });

  describe("that take their connection", () => {
    for (const [what, headers, answer] of [
      ["with an upgrade", ["Connection: Upgrade", "Upgrade: tcp"], upgraded],
      ["without one", [], legacyRaw],
    ] as const) {
      it(`joins client and primary ${what}, input that came early included`, async () => {
        const { port, replication } = await startReplica();
        const { target, sides } = await handEngine();
        replication.elect(target.addr);
        const client = new RawClient(port);
        client.send(
          "POST /v1.41/containers/x/attach?stdin=1 HTTP/1.1",
          "Host: x",
          ...headers,
          "X-Swarm-Client: forged",
          "",
          "early",
        );
        const primary = await sides.take();
        await primary.receives(/\r\n\r\n/);
        expect(primary.text).to.match(
          /^POST \/v1\.41\/containers\/x\/attach\?stdin=1 HTTP\/1\.1\r\nHost: x\r\n/,
        );
        expect(primary.text).to.include("x-swarm-via: 10.0.0.2:2375\r\nx-swarm-client: client-of-POST\r\n");
        expect(primary.text).not.to.match(/forged|early/);
        primary.socket.write(answer);
        await primary.receives(/early$/);
        client.send("later");
        await primary.receives(/earlylater$/);
        primary.socket.write("output");
        await client.receives(/output/);
        client.socket.end();
        await primary.isEnded();
        primary.socket.end("last words");
        await client.isEnded();
        expect(client.text).to.match(/outputlast words$/);
      });
    }

    it("sends the body of an exec start, and keeps what is behind it", async () => {
      const { port, replication } = await startReplica();
      const { target, sides } = await handEngine();
      replication.elect(target.addr);
      const client = new RawClient(port);
      client.send("POST /exec/1/start HTTP/1.1", "Host: x", "Content-Length: 2", "", "{}stdin");
      const primary = await sides.take();
      await primary.receives(/\r\n\r\n\{\}$/);
      primary.socket.write(legacyRaw);
      await primary.receives(/\{\}stdin$/);
    });

    it("passes on a refusal, and closes", async () => {
      const { port, replication } = await startReplica();
      const { target, sides } = await handEngine();
      replication.elect(target.addr);
      const client = new RawClient(port);
      client.send(attach);
      const primary = await sides.take();
      await primary.receives(/\r\n\r\n/);
      primary.socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
      expect(await client.isEnded()).to.match(/^HTTP\/1\.1 404 Not Found\r\n[^]*\{\}$/);
    });

    it("waits for a primary, and loses nothing of what the client sends meanwhile", async () => {
      const { port, replication, relay } = await startReplica();
      const { target, sides } = await handEngine();
      const client = new RawClient(port);
      client.send(attach);
      await until(() => relay.load.waiting === 1);
      client.send("typed ahead");
      await new Promise((resolve) => setTimeout(resolve, 20));
      replication.elect(target.addr);
      const primary = await sides.take();
      await primary.receives(/\r\n\r\n/);
      primary.socket.write(upgraded);
      await primary.receives(/typed ahead$/);
    });

    it("answers itself when it becomes primary while the client waits, with all that came", async () => {
      const { port, replication, relay } = await startReplica();
      const client = new RawClient(port);
      client.send(attach);
      await until(() => relay.load.waiting === 1);
      client.send("typed ahead");
      await new Promise((resolve) => setTimeout(resolve, 20));
      replication.lead();
      await client.receives(/here typed ahead$/);
      client.socket.destroy();
    });

    it("notices that the client leaves while it waits", async () => {
      const { port, relay } = await startReplica();
      const client = new RawClient(port);
      client.send(attach);
      await until(() => relay.load.waiting === 1);
      client.socket.end();
      await until(() => relay.load.waiting === 0);
      await client.isEnded();
      expect(client.text).to.equal("");
    });

    it("answers in HTTP when there is no primary", async () => {
      const { port } = await startReplica({ waitMs: 20 });
      const client = new RawClient(port);
      client.send(attach);
      expect(await client.isEnded()).to.match(
        /^HTTP\/1\.1 503 [^]*Retry-After: 2\r\n[^]*No elected primary cluster manager/i,
      );
    });

    it("answers in HTTP when the primary dies before it answers", async () => {
      const { port, replication } = await startReplica();
      const { target, sides } = await handEngine();
      replication.elect(target.addr);
      const client = new RawClient(port);
      client.send(attach);
      (await sides.take()).socket.destroy();
      expect(await client.isEnded()).to.match(/^HTTP\/1\.1 503 [^]*the request may have been carried out/);
    });

    it("closes the primary's side when the client is gone, and the other way round", async () => {
      const { port, replication } = await startReplica();
      const { target, sides } = await handEngine();
      replication.elect(target.addr);
      for (const first of ["client", "primary"] as const) {
        const client = new RawClient(port);
        client.send(attach);
        const primary = await sides.take();
        await primary.receives(/\r\n\r\n/);
        primary.socket.write(upgraded);
        await client.receives(/101/);
        (first === "client" ? client.socket : primary.socket).destroy();
        await (first === "client" ? primary : client).isEnded();
        client.socket.destroy();
      }
    });
  });

  it("is told from the answer of a plain request with the same path", async () => {
    const { port, replication } = await startReplica();
    const { addr } = await startPrimary((req, res) => res.end(req.method));
    replication.elect(addr);
    expect((await request(port, "GET", "/containers/x/attach")).text).to.equal("GET");
  });
});
