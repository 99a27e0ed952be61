import { expect } from "chai";
import { request, until } from "../../api/support.ts";
import { attach, upgraded } from "../../proxy/raw-support.ts";
import { closeAll, isDeserted, Mailbox, openConnections, RawClient, rawEngine } from "../../proxy/support.ts";
import { namedPrimary, startPrimary, startReplica, stopReplicas, type TestReplica } from "./support.ts";

describe("replication/relay when the primary changes", () => {
  afterEach(async () => {
    await stopReplicas();
    await closeAll();
  });

  /** A primary whose `/events` begin and go on until the test ends them. */
  const streamingPrimary = async (ping: () => "OK" | "silence") => {
    const streams = new Mailbox<(text: string) => void>();
    const pinged = { count: 0 };
    const primary = await startPrimary((req, res) => {
      if (req.url === "/version") {
        res.end("short");
        return;
      }
      if (req.url === "/_ping") {
        pinged.count++;
        if (ping() === "OK") res.end("OK");
        return;
      }
      res.write("begun");
      streams.put((text) => void res.write(text));
    });
    return { ...primary, streams, pinged };
  };

  const listen = async ({ port }: TestReplica): Promise<RawClient> => {
    const client = new RawClient(port);
    client.send("GET /containers/x/logs HTTP/1.1", "Host: x", "", "");
    await client.receives(/begun/);
    return client;
  };

  it("drops idle connections to the old one at once", async () => {
    const { port, replication } = await startReplica();
    const [old, next] = [await namedPrimary("old"), await namedPrimary("next")];
    replication.elect(old.addr);
    await request(port, "GET", "/version");
    replication.elect(next.addr);
    await isDeserted(old.server);
  });

  for (const [what, change] of [
    [
      "another one is",
      async (replica: TestReplica) => replica.replication.elect((await namedPrimary("next")).addr),
    ],
    ["nobody is", (replica: TestReplica) => replica.replication.elect("")],
    ["this manager is", (replica: TestReplica) => replica.replication.lead()],
  ] as const) {
    it(`lets what runs through the old one go on while that answers, when ${what}`, async () => {
      const replica = await startReplica({ watchMs: 10, pingMs: 500 });
      const { addr, streams, pinged, server } = await streamingPrimary(() => "OK");
      replica.replication.elect(addr);
      const client = await listen(replica);
      await change(replica);
      await until(() => pinged.count >= 3);
      (await streams.take())("more");
      await client.receives(/more/);
      expect(replica.relay.load.former).to.equal(1);
      client.socket.destroy();
      await until(() => replica.relay.load.former === 0);
      await isDeserted(server);
    });
  }

  it("keeps no idle connection to an old one beside what still runs", async () => {
    const replica = await startReplica({ watchMs: 10_000, pingMs: 500 });
    const { addr, server, pinged } = await streamingPrimary(() => "OK");
    replica.replication.elect(addr);
    const [first, second] = [await listen(replica), await listen(replica)];
    await request(replica.port, "GET", "/version");
    expect(await openConnections(server)).to.equal(3);
    replica.replication.elect("");
    await until(() => pinged.count === 1);
    await until(async () => (await openConnections(server)) === 2);
    first.socket.destroy();
    second.socket.destroy();
    await isDeserted(server);
  });

  it("cuts what runs through an old one that does not answer any more", async () => {
    const replica = await startReplica({ pingMs: 30 });
    const { addr, server } = await streamingPrimary(() => "silence");
    replica.replication.elect(addr);
    const client = await listen(replica);
    replica.replication.elect((await namedPrimary("next")).addr);
    expect(await client.isEnded()).not.to.match(/\r\n0\r\n\r\n$/);
    expect(replica.relay.load.former).to.equal(0);
    await isDeserted(server);
  });

  it("cuts a raw stream through an old one that does not answer any more, and tells who waits for an answer", async () => {
    const replica = await startReplica({ pingMs: 30 });
    const { target, server } = await rawEngine((socket) => {
      socket.once("end", () => socket.end());
      socket.once("data", (chunk) => {
        if (chunk.toString().includes("/attach")) socket.write(upgraded);
      });
    });
    replica.replication.elect(target.addr);
    const client = new RawClient(replica.port);
    client.send(attach);
    await client.receives(/101/);
    const pending = request(replica.port, "POST", "/containers/create", { body: {} });
    await until(
      async () => (await new Promise((resolve) => server.getConnections((_e, n) => resolve(n)))) === 2,
    );
    replica.replication.elect("");
    await client.isEnded();
    client.socket.destroy();
    const { status, message } = await pending;
    expect(status).to.equal(503);
    expect(message).to.match(/may have been carried out/);
    await isDeserted(server);
  });

  it("goes on with an old one that becomes primary again", async () => {
    const replica = await startReplica({ watchMs: 10, pingMs: 500 });
    const { addr, streams, pinged } = await streamingPrimary(() => "OK");
    replica.replication.elect(addr);
    const client = await listen(replica);
    replica.replication.elect("");
    await until(() => pinged.count > 0);
    replica.replication.elect(addr);
    const second = await listen(replica);
    expect(replica.relay.load.former).to.equal(0);
    const asked = pinged.count;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(pinged.count, "nobody looks after a primary").to.be.within(asked, asked + 1);
    for (const stream of [await streams.take(), await streams.take()]) stream("more");
    await Promise.all([client.receives(/more/), second.receives(/more/)]);
  });

  it("ends the watch over old ones when it is closed", async () => {
    const replica = await startReplica({ pingMs: 5_000 });
    const { addr, server } = await streamingPrimary(() => "silence");
    replica.replication.elect(addr);
    const client = await listen(replica);
    replica.replication.elect("");
    await replica.relay[Symbol.asyncDispose]();
    await client.isEnded();
    await isDeserted(server);
  });
});
