import type { RequestListener } from "node:http";
import { expect } from "chai";
import { Mailbox, RawClient, closeAll, happens, httpEngine, managerFor } from "./support.ts";

/** A `holdEnd` that reports being awaited and waits for the test. */
function gate() {
  const awaited = new Mailbox<true>();
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const holdEnd = async (): Promise<void> => {
    awaited.put(true);
    await opened;
  };
  return { holdEnd, awaited, open };
}

describe("proxy/hold-end", () => {
  afterEach(closeAll);

  const cases: { it: string; engine: RequestListener; before: RegExp; after: RegExp }[] = [
    {
      it: "holds the headers of an answer without body",
      engine: (_req, res) => res.writeHead(204).end(),
      before: /^$/,
      after: /^HTTP\/1\.1 204 [^]*\r\n\r\n$/,
    },
    {
      it: "holds the headers of an empty answer",
      engine: (_req, res) => res.writeHead(200, { "Content-Length": 0 }).end(),
      before: /^$/,
      after: /^HTTP\/1\.1 200 [^]*\r\n\r\n$/,
    },
    {
      it: "holds the last piece of an answer of known length",
      engine: (_req, res) => {
        res.writeHead(200, { "Content-Length": 8 }).flushHeaders();
        res.write("last");
        setImmediate(() => res.end("byte"));
      },
      before: /\r\n\r\n(last)?$/,
      after: /\r\n\r\nlastbyte$/,
    },
    {
      it: "holds the end of an answer of unknown length",
      engine: (_req, res) => {
        res.writeHead(200).flushHeaders();
        res.end('{"StatusCode":0}');
      },
      before: /^HTTP\/1\.1 200 [^]*\r\n\r\n$/,
      after: /\{"StatusCode":0\}\r\n0\r\n\r\n$/,
    },
  ];
  for (const c of cases) {
    it(c.it, async () => {
      const { holdEnd, awaited, open } = gate();
      const { target } = await httpEngine(c.engine);
      const manager = await managerFor(target, { forward: { holdEnd } });
      const client = new RawClient(manager.port);
      client.send("POST /stop HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n");
      await awaited.take();
      const probe = new RawClient(manager.port); // whatever was sent to the client has arrived when this has its answer
      probe.send("BAD\r\n\r\n");
      await probe.isEnded();
      expect(client.text).to.match(c.before);
      open();
      await client.receives(c.after);
      expect(await manager.nextForward()).to.have.property("kind", "done");
    });
  }

  it("does not keep back a stream that goes on", async () => {
    const { holdEnd } = gate();
    const { target } = await httpEngine((_req, res) => res.write("line\n"));
    const manager = await managerFor(target, { forward: { holdEnd } });
    const client = new RawClient(manager.port);
    client.send("GET /logs HTTP/1.1\r\nHost: m\r\n\r\n");
    await client.receives(/line/);
  });

  it("finishes the answer when what it waits for fails", async () => {
    const { target } = await httpEngine((_req, res) => res.end("ok"));
    const holdEnd = (): Promise<void> => Promise.reject(new Error("refresh failed"));
    const manager = await managerFor(target, { forward: { holdEnd } });
    const client = new RawClient(manager.port);
    client.send("GET /x HTTP/1.1\r\nHost: m\r\n\r\n");
    await client.receives(/ok$/);
  });

  it("does not hang when the client leaves meanwhile", async () => {
    const { holdEnd, awaited, open } = gate();
    const { target } = await httpEngine((_req, res) => res.writeHead(204).end());
    const manager = await managerFor(target, { forward: { holdEnd } });
    const client = new RawClient(manager.port);
    const connected = happens(manager.server, "connection");
    client.send("POST /stop HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n");
    await connected;
    await awaited.take();
    client.socket.resetAndDestroy();
    await happens(client.socket, "close");
    open();
    expect((await manager.nextForward()).kind).to.be.oneOf(["client-left", "done"]);
  });
});
