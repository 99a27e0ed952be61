import { createHash } from "node:crypto";
import { once } from "node:events";
import { request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { expect } from "chai";
import { seeded } from "../support/seeded.ts";
import {
  Mailbox,
  RawClient,
  closeAll,
  fillUntilStalled,
  httpEngine,
  isDeserted,
  managerFor,
  rawEngine,
  type TestTarget,
} from "./support.ts";

const RAW = "application/vnd.docker.multiplexed-stream";
const get = (path: string, version = "1.1"): string => `GET ${path} HTTP/${version}\r\nHost: m\r\n\r\n`;
const hash = (bytes: Buffer): string => createHash("sha1").update(bytes).digest("hex");

/** An engine whose answers are big. */
const rawLogs = (answer: (res: ServerResponse) => void, type = RAW) =>
  httpEngine((_req, res) => answer(res.writeHead(200, { "Content-Type": type })));

/** The same engine, whose connections cannot be had. */
const plainly = ({ adopt: _, ...target }: TestTarget): TestTarget => target;

/** A whole answer's body through Node's own client, read with pauses. */
async function bodyOf(port: number, path: string, random: () => number): Promise<Buffer> {
  const sent = request({ host: "127.0.0.1", port, path }).end();
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  const pieces: Buffer[] = [];
  response.on("data", (piece: Buffer) => {
    pieces.push(piece);
    if (random() > 0.1) return;
    response.pause();
    setImmediate(() => response.resume());
  });
  await once(response, "end");
  return Buffer.concat(pieces);
}

describe("proxy/forward, big answers", () => {
  afterEach(closeAll);

  it("come whole and in order, chunked or not, several at once, as on the plain way", async () => {
    const random = seeded(11);
    const bodies = Array.from({ length: 4 }, (_, n) => {
      const length = Math.floor(random() * (1 << 19)) + (n % 2 === 0 ? 1 << 20 : 1 << 17);
      const body = Buffer.alloc(length);
      for (let at = 0; at < length; at += 2) body[at] = (at * 31 + (at >> 8) + n) & 255;
      return body;
    });
    const { target } = await httpEngine((req, res) => {
      const number = Number(req.url?.slice(1));
      const body = bodies[number] ?? Buffer.alloc(0);
      const length = number % 2 === 0 ? { "Content-Length": body.length } : {};
      res.writeHead(200, { "Content-Type": RAW, ...length });
      let at = 0;
      const more = (): void => {
        while (at < body.length) {
          const step = 1 + Math.floor(random() ** 4 * 200_000);
          const goesOn = res.write(body.subarray(at, at + step));
          at += step;
          if (!goesOn) return void res.once("drain", more);
        }
        res.end();
      };
      more();
    });
    const raw = await managerFor(target);
    const plain = await managerFor(plainly(target));
    const all = bodies.flatMap((body, n) =>
      [raw, plain].map(async ({ port }) => hash(await bodyOf(port, `/${n}`, random)) === hash(body)),
    );
    expect(await Promise.all(all)).to.deep.equal(all.map(() => true));
  });

  it("do not cost the client its connection, and leave nothing on it", async () => {
    const { target, server } = await rawLogs((res) => {
      res.write("some ");
      res.end("logs");
    });
    const manager = await managerFor(target);
    const counts: string[] = [];
    manager.server.on("request", ({ socket }: { socket: Socket }) =>
      counts.push(
        socket
          .eventNames()
          .map((name) => `${String(name)} ${socket.listenerCount(name)}`)
          .join(),
      ),
    );
    const client = new RawClient(manager.port);
    for (let asked = 1; asked <= 3; asked++) {
      client.send(get("/logs"));
      await client.receives(new RegExp(`^(?:HTTP/1.1 200 OK[^]*?logs\\r\\n0\\r\\n\\r\\n){${asked}}$`));
      expect(await manager.nextForward()).to.deep.equal({ kind: "done", status: 200 });
    }
    expect(counts[1]).to.equal(counts[0]);
    expect(counts[2]).to.equal(counts[0]);
    await isDeserted(server);
  });

  it("are sent one after the other when they were asked for at once", async () => {
    const answers = new Mailbox<ServerResponse>();
    const { target } = await httpEngine((_req, res) => answers.put(res));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/one") + get("/two"));
    const asked = [await answers.take(), await answers.take()];
    const [one, two] = asked[0]?.req.url === "/one" ? asked : asked.reverse();
    two?.writeHead(200, { "Content-Type": RAW }).end("2222");
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    one?.writeHead(200, { "Content-Type": RAW }).end("1111");
    const text = await client.receives(/0\r\n\r\n[^]*0\r\n\r\n$|2222$/);
    expect(text).to.match(/200 OK[^]*1111[^]*200 OK[^]*2222/);
  });

  it("pass on what comes in the same breath as the head", async () => {
    const { target } = await rawEngine((socket) =>
      socket.once("data", () =>
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Type: ${RAW}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n`,
        ),
      ),
    );
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs"));
    expect(await client.receives(/0\r\n\r\n$/)).to.match(/\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
  });

  it("reach a client of HTTP/1.0 without chunks", async () => {
    const { target } = await rawLogs((res) => {
      res.write("some ");
      res.end("logs");
    });
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs", "1.0"));
    expect(await client.isEnded()).to.match(/\r\n\r\nsome logs$/);
  });

  // prettier-ignore
  const kept = [
    { it: "JSON in pieces",      type: "application/json", length: undefined, keeps: true },
    { it: "a short archive",     type: "application/x-tar", length: 5,        keeps: true },
    { it: "an archive in pieces", type: "application/x-tar", length: undefined, keeps: false },
    { it: "a long answer",       type: "application/json", length: 2 << 20,   keeps: false },
  ];
  for (const c of kept) {
    it(`${c.keeps ? "leave" : "cost"} the pool its connection: ${c.it}`, async () => {
      const { target } = await httpEngine((_req, res) => {
        const length = c.length === undefined ? {} : { "Content-Length": c.length };
        res.writeHead(200, { "Content-Type": c.type, ...length });
        res.write("12");
        setImmediate(() => res.end(Buffer.alloc((c.length ?? 5) - 2)));
      });
      const manager = await managerFor(target);
      const client = new RawClient(manager.port);
      client.send(get("/x"));
      await manager.nextForward();
      await new Promise((resolve) => setImmediate(resolve));
      expect(Object.values(target.agent.freeSockets).flat().length).to.equal(c.keeps ? 1 : 0);
      expect(Object.values(target.agent.sockets).flat().length).to.equal(0);
    });
  }

  it("wait for a slow client", async () => {
    const answers = new Mailbox<ServerResponse>();
    const { target } = await rawLogs((res) => answers.put(res));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs"));
    client.socket.pause();
    expect(await fillUntilStalled(await answers.take(), 64)).to.be.lessThan(64);
  });

  it("cut the client's connection when the engine is lost in the middle", async () => {
    const { target } = await rawEngine((socket) =>
      socket.once("data", () =>
        socket.end(`HTTP/1.1 200 OK\r\nContent-Type: ${RAW}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab`),
      ),
    );
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs"));
    await client.isEnded();
    expect(client.text).to.match(/5\r\nab$/);
    const outcome = await manager.nextForward();
    expect(outcome).to.include({ kind: "engine-failed", headersSent: true });
  });

  it("cut it, too, when nobody can tell where the answer ends", async () => {
    const { target, server } = await rawEngine((socket) => {
      socket
        .once("end", () => socket.destroy())
        .once("data", () =>
          socket.write(
            `HTTP/1.1 200 OK\r\nContent-Type: ${RAW}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n`,
          ),
        );
    });
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs"));
    await client.isEnded();
    expect(client.text).to.match(/\r\nab\r\n$/);
    await isDeserted(server);
  });

  it("end the engine's connection when the client leaves, although the engine is silent", async () => {
    const { target, server } = await rawLogs((res) => res.write("x"));
    const manager = await managerFor(target);
    const client = new RawClient(manager.port);
    client.send(get("/logs?follow=1"));
    await client.receives(/x/);
    client.socket.destroy();
    await isDeserted(server);
    expect(await manager.nextForward()).to.deep.equal({ kind: "client-left" });
  });

  it("end the engine's connection when who looks at the head refuses it", async () => {
    const { target, server } = await rawLogs((res) => res.write("x"));
    const failure = new Error("no");
    const failures = new Mailbox<unknown>();
    const onResponse = (): never => {
      throw failure;
    };
    const keep = (error: unknown): void => failures.put(error);
    process.once("unhandledRejection", keep);
    const manager = await managerFor(target, { forward: { onResponse } });
    const client = new RawClient(manager.port);
    client.send(get("/logs"));
    expect(await failures.take()).to.equal(failure);
    await isDeserted(server);
  });
});
