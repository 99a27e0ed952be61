import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { expect } from "chai";
import { dispatchUpgrade, takeOver } from "../../src/proxy/dispatch-upgrade.ts";
import { RawClient, closeAll, httpEngine, isDeserted, listen, managerFor } from "./support.ts";

const upgrade = "Host: m\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n";

/** A server without the parser hook: every upgrade goes through `dispatchUpgrade`. */
async function serving(handler: RequestListener, takesOver: boolean) {
  const server = createServer(handler);
  server.on("upgrade", (req, _socket, head) => dispatchUpgrade(req, head, handler, takesOver));
  return { server, client: new RawClient(await listen(server)) };
}

describe("proxy/dispatch-upgrade", () => {
  afterEach(closeAll);

  it("answers like any request, once, and closes", async () => {
    const { server, client } = await serving((_req, res) => res.writeHead(404).end("no"), true);
    client.send(`POST /attach HTTP/1.1\r\n${upgrade}\r\nGET /next HTTP/1.1\r\n\r\n`);
    const text = await client.isEnded();
    expect(text).to.match(/^HTTP\/1\.1 404 [^]*Connection: close\r\n[^]*no\r\n0\r\n\r\n$/);
    client.socket.end();
    await isDeserted(server);
  });

  it("ends a connection on which an earlier answer is not sent yet", async () => {
    const paths: (string | undefined)[] = [];
    const { client } = await serving((req) => void paths.push(req.url), true);
    client.send(`GET /stream HTTP/1.1\r\nHost: m\r\n\r\nPOST /attach HTTP/1.1\r\n${upgrade}\r\n`);
    await client.isEnded();
    expect(paths).to.deep.equal(["/stream"]);
  });

  it("gives an answer larger than any buffer at the client's pace", async () => {
    const { client } = await serving((_req, res) => {
      const piece = Buffer.alloc(1024 * 1024, "x");
      let left = 20;
      const more = (): void => {
        while (left-- > 0) if (!res.write(piece)) return void res.once("drain", more);
        res.end("over");
      };
      more();
    }, true);
    client.send(`GET /x HTTP/1.1\r\n${upgrade}\r\n`);
    expect((await client.isEnded()).length).to.be.above(20 * 1024 * 1024);
    expect(client.text).to.match(/over\r\n0\r\n\r\n$/);
  });

  it("lets a handler take the connection, and give it back", async () => {
    const { client } = await serving((_req, res) => {
      const taken = takeOver(res);
      taken?.giveBack();
      res.end(`head=${String(taken?.head)}`);
    }, true);
    client.send(`POST /attach HTTP/1.1\r\n${upgrade}\r\ninput`);
    expect(await client.isEnded()).to.match(/head=input/);
  });

  it("has nothing to take behind an ordinary response", async () => {
    const { client } = await serving((_req, res) => res.end(takeOver(res) ? "taken" : "not taken"), true);
    client.send("GET / HTTP/1.1\r\nHost: m\r\n\r\n");
    await client.receives(/not taken/);
  });

  it("refuses a body where it cannot be read", async () => {
    const { client } = await serving((_req, res) => res.end("served"), false);
    client.send(`POST /x HTTP/1.1\r\n${upgrade}Content-Length: 2\r\n\r\n{}`);
    expect(await client.isEnded()).to.match(/^HTTP\/1\.1 400 [^]*\{"message":/);
  });

  it("serves other routes without a body, and notices the client leaving", async () => {
    const { client, server } = await serving((_req, res) => void res.write("streaming"), false);
    client.send(`GET /logs HTTP/1.1\r\n${upgrade}\r\n`);
    await client.receives(/streaming/);
    client.socket.end();
    await isDeserted(server);
  });
});

describe("proxy/legacy-hijack", () => {
  afterEach(closeAll);

  it("serves an upgrade nobody asked for as an ordinary request, with its body and keep-alive", async () => {
    const { target } = await httpEngine((req, res) => void req.pipe(res));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    for (const body of ["one", "two"]) {
      client.send(
        "POST /info HTTP/1.1\r\nHost: m\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" +
          `HTTP2-Settings: AA\r\nContent-Length: 3\r\n\r\n${body}`,
      );
      await client.receives(new RegExp(`${body}\r\n0\r\n\r\n$`));
    }
  });

  it("recognises a hijack route on a connection that served ordinary requests before", async () => {
    const { target } = await httpEngine((_req, res) => res.end("plain"));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send("GET /info HTTP/1.1\r\nHost: m\r\n\r\n");
    await client.receives(/plain/);
    client.send("POST /exec/x/start HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\n\r\n{}");
    await client.isEnded();
    client.socket.end();
    expect(await manager.nextHijack()).to.deep.equal({ kind: "answered", status: 200 });
  });
});
