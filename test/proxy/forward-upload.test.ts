import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import {
  RawClient,
  closeAll,
  fillUntilStalled,
  happens,
  httpEngine,
  managerFor,
  rawEngine,
} from "./support.ts";

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, "Host: manager", ...headers, "", ""].join("\r\n");

describe("proxy/forward, uploads", () => {
  afterEach(closeAll);

  it("replaces the body and its length", async () => {
    const { target } = await httpEngine((req, res) => void echo(req, res));
    const manager = await managerFor(target, {
      forward: (req) => (req.resume(), { body: Buffer.from('{"rewritten":"ü"}') }),
    });
    const client = new RawClient(manager.port);
    client.send("POST /create HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    const text = await client.receives(/\}$/);
    expect(Buffer.from(text, "latin1").toString()).to.match(
      /length=18 chunked=undefined \{"rewritten":"ü"\}$/,
    );
  });

  it("keeps a chunked DELETE body chunked", async () => {
    const { target } = await httpEngine((req, res) => void echo(req, res));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("DELETE /x HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    await client.receives(/length=undefined chunked=chunked \{\}$/);
  });

  it("answers Expect: 100-continue and starts the upload", async () => {
    const { target } = await httpEngine((req, res) => void echo(req, res));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("PUT /archive HTTP/1.1\r\nHost: m\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send("tar");
    await client.receives(/length=3 chunked=undefined tar$/);
  });

  it("streams an upload while it is still going on", async () => {
    const { target } = await httpEngine((req, res) => void req.pipe(res));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("POST /load HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await client.receives(/one/);
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    await client.receives(/two\r\n0\r\n\r\n$/);
  });

  for (const connection of ["keep-alive", "close"]) {
    it(`delivers an early refusal during an upload (Connection: ${connection})`, async () => {
      const { target } = await rawEngine((socket) =>
        socket.once("data", () => {
          socket.resume();
          socket.end("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
        }),
      );
      const manager = await managerFor(target);
      const client = new RawClient(manager.port);
      const total = 8 * 1024 * 1024;
      client.send(
        "POST /build HTTP/1.1",
        `Connection: ${connection}`,
        "Host: m",
        `Content-Length: ${total}`,
        "",
        "",
      );
      client.socket.write(Buffer.alloc(total / 2));
      expect(await client.receives(/big$/)).to.match(/^HTTP\/1\.1 413 /);
      client.socket.write(Buffer.alloc(total / 2));
      if (connection === "close") {
        client.socket.end();
        await client.isClosed();
        expect(client.error).to.equal(undefined);
      } else {
        client.send(get("/next"));
        await client.receives(/big[^]*HTTP\/1\.1 413 [^]*big$/);
      }
    });
  }

  it("lets a client finish an upload that its engine answered and then ignores", async () => {
    const { target } = await rawEngine((socket) =>
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\n\r\nbig");
      }),
    );
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    const total = 32 * 1024 * 1024;
    client.send("POST /load HTTP/1.1", "Host: m", `Content-Length: ${total}`, "", "");
    client.socket.write(Buffer.alloc(total));
    await client.receives(/big$/);
    client.send(get("/next"));
    await client.receives(/big[^]*HTTP\/1\.1 409 [^]*big$/);
  });

  it("streams 50 MB both ways, unchanged", async function () {
    this.timeout(20_000);
    const pieces = 800;
    const piece = Buffer.alloc(64 * 1024, "docker");
    const { target } = await httpEngine((req, res) => void req.pipe(res));
    const manager = await managerFor(target);
    const upload = request({ port: manager.port, host: "127.0.0.1", method: "POST", path: "/load" });
    const sent = createHash("sha256");
    const received = createHash("sha256");
    const downloaded = once(upload, "response").then(async ([response]: IncomingMessage[]) => {
      for await (const chunk of response!) received.update(chunk as Buffer);
    });
    for (let i = 0; i < pieces; i++) {
      sent.update(piece);
      if (!upload.write(piece)) await happens(upload, "drain");
    }
    upload.end();
    await downloaded;
    expect(received.digest("hex")).to.equal(sent.digest("hex"));
  });

  it("takes an upload no faster than its engine", async () => {
    const { target } = await httpEngine(() => undefined);
    const manager = await managerFor(target);
    const upload = request({ port: manager.port, host: "127.0.0.1", method: "POST", path: "/load" });
    upload.on("error", () => undefined);
    expect(await fillUntilStalled(upload, 200)).to.be.below(100);
    upload.destroy();
  });
});

async function echo(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const { "content-length": length, "transfer-encoding": chunked } = req.headers;
  const text = Buffer.concat([
    Buffer.from(`length=${String(length)} chunked=${String(chunked)} `),
    ...chunks,
  ]);
  res.writeHead(200, { "Content-Length": text.length }).end(text);
}
