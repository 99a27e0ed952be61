import type { RequestListener, ServerResponse } from "node:http";
import { expect } from "chai";
import type { MovableExchange } from "../../src/proxy/forward.ts";
import { Mailbox, RawClient, closeAll, httpEngine, isDeserted, managerFor } from "./support.ts";

/** An engine whose `wait` answers headers and leaves the body to the test. */
async function waitingEngine(status = 200) {
  const waits = new Mailbox<{ url: string | undefined; res: ServerResponse }>();
  const listener: RequestListener = (req, res) => {
    res.writeHead(status).flushHeaders();
    waits.put({ url: req.url, res });
  };
  return { ...(await httpEngine(listener)), waits };
}

/** A client waiting on a first engine, with the handle that moves it. */
async function waiting(lastWords?: (error: Error) => string | undefined) {
  const first = await waitingEngine();
  const exchanges = new Mailbox<MovableExchange>();
  const onMovable = (exchange: MovableExchange): void => exchanges.put(exchange);
  const manager = await managerFor(first.target, {
    forward: { onMovable, ...(lastWords && { lastWords }) },
  });
  const client = new RawClient(manager.port);
  client.send("POST /wait/1 HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n");
  await client.receives(/\r\n\r\n$/);
  const exchange = await exchanges.take();
  const move: MovableExchange["retarget"] = (target, path) => exchange.retarget(target, path);
  return { first, manager, client, exchange, move };
}

describe("proxy/movable-body", () => {
  afterEach(closeAll);

  it("takes the body from another engine, and leaves the first", async () => {
    const { first, client, move, manager } = await waiting();
    const second = await waitingEngine();
    expect(await move(second.target, "/wait/2")).to.equal(true);
    await isDeserted(first.server);
    const { url, res } = await second.waits.take();
    expect(url).to.equal("/wait/2");
    res.end('{"StatusCode":3}');
    await client.receives(/\r\n\r\n10\r\n\{"StatusCode":3\}\r\n0\r\n\r\n$/);
    expect(await manager.nextForward()).to.deep.equal({ kind: "done", status: 200 });
  });

  it("keeps a held body back, and gives it when released", async () => {
    const { first, client, exchange } = await waiting();
    exchange.hold();
    (await first.waits.take()).res.end("first");
    const probe = await waiting(); // a round trip through the same process: the first answer has arrived
    probe.client.socket.destroy();
    expect(client.text).not.to.match(/first/);
    exchange.release();
    await client.receives(/first/);
  });

  it("moves a held body although the first engine has answered", async () => {
    const { first, client, exchange, move } = await waiting();
    exchange.hold();
    (await first.waits.take()).res.end("first");
    const second = await waitingEngine();
    expect(await move(second.target, "/2")).to.equal(true);
    (await second.waits.take()).res.end("second");
    exchange.release();
    expect(await client.receives(/second/)).not.to.match(/first/);
  });

  it("says the last words of a held body's lost engine when released", async () => {
    const { first, client, exchange } = await waiting((error) => `lost: ${error.message}`);
    exchange.hold();
    (await first.waits.take()).res.destroy();
    await isDeserted(first.server);
    exchange.release();
    await client.receives(/lost: /);
  });

  it("moves twice", async () => {
    const { client, move } = await waiting();
    const second = await waitingEngine();
    const third = await waitingEngine();
    expect(await move(second.target, "/2")).to.equal(true);
    expect(await move(third.target, "/3")).to.equal(true);
    (await third.waits.take()).res.end("third");
    await client.receives(/third/);
    await isDeserted(second.server);
  });

  it("keeps to the other engine although the first answers meanwhile", async () => {
    const { first, client, move } = await waiting();
    const arrived = new Mailbox<ServerResponse>();
    const second = await httpEngine((_req, res) => arrived.put(res));
    const moved = move(second.target, "/2");
    const res = await arrived.take();
    (await first.waits.take()).res.end("first");
    const probe = await waiting(); // a round trip through the same process: the first answer has arrived
    probe.client.socket.destroy();
    res.writeHead(200).flushHeaders();
    expect(await moved).to.equal(true);
    res.end("second");
    expect(await client.receives(/second/)).not.to.match(/first/);
  });

  it("stays when the other engine refuses, or is not there", async () => {
    const { first, client, move } = await waiting();
    const second = await waitingEngine(404);
    expect(await move(second.target, "/2")).to.equal(false);
    second.server.close();
    second.server.closeAllConnections();
    expect(await move(second.target, "/2")).to.equal(false);
    (await first.waits.take()).res.end("first");
    await client.receives(/first/);
  });

  it("does not move a body that has begun", async () => {
    const { first, client, move } = await waiting();
    (await first.waits.take()).res.write("begun");
    await client.receives(/begun/);
    const second = await waitingEngine();
    expect(await move(second.target, "/2")).to.equal(false);
  });

  it("ends with the last words when the engine is lost before the body", async () => {
    const { first, client, manager } = await waiting(() => '{"StatusCode":-1}');
    (await first.waits.take()).res.destroy();
    await client.receives(/\{"StatusCode":-1\}\r\n0\r\n\r\n$/);
    expect(await manager.nextForward()).to.deep.equal({ kind: "done", status: 200 });
  });

  it("cuts the client without last words", async () => {
    const { first, client, manager } = await waiting();
    (await first.waits.take()).res.destroy();
    expect(await client.isEnded()).to.match(/\r\n\r\n$/);
    expect(await manager.nextForward()).to.include({ kind: "engine-failed", headersSent: true });
  });

  it("leaves the present engine when the client leaves", async () => {
    const { first, client, move, manager } = await waiting();
    const second = await waitingEngine();
    await move(second.target, "/2");
    client.socket.destroy();
    expect(await manager.nextForward()).to.deep.equal({ kind: "client-left" });
    await isDeserted(first.server);
    await isDeserted(second.server);
  });
});
