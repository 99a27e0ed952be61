import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { lentReads, lifeOf } from "../../src/net/lent-memory.ts";
import { seeded } from "../support/seeded.ts";

describe("net/lent-memory", () => {
  const open: (Socket | Server)[] = [];

  afterEach(() => {
    for (const each of open.splice(0)) {
      if ("destroy" in each) each.destroy();
      else each.close();
    }
  });

  /** A socket that reads into lent memory, and its peer. */
  async function pair(): Promise<{ reader: Socket; peer: Socket }> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const reader = connect({ host: "127.0.0.1", port, onread: lentReads() });
    const [peer] = (await once(server, "connection")) as [Socket];
    if (reader.connecting) await once(reader, "connect");
    peer.on("error", () => undefined); // the reader leaves in the middle
    open.push(server, reader, peer);
    return { reader, peer };
  }

  /** The next piece, copied, and how long it would have lasted. */
  const piece = (reader: Socket): Promise<{ text: string; life: string; memory: ArrayBufferLike }> =>
    new Promise((resolve) =>
      reader.once("data", (bytes: Buffer) =>
        resolve({ text: bytes.toString(), life: lifeOf(bytes), memory: bytes.buffer }),
      ),
    );

  it("reads short pieces of all sockets into the same memory", async () => {
    const [a, b] = [await pair(), await pair()];
    const first = piece(a.reader);
    a.peer.write("one");
    const second = piece(b.reader);
    b.peer.write("two");
    expect(await first).to.include({ text: "one", life: "turn" });
    expect(await second).to.include({ text: "two", life: "turn" });
    expect((await first).memory).to.equal((await second).memory);
  });

  it("gives a long transfer memory of its own, and takes it back when it trickles", async () => {
    const { reader, peer } = await pair();
    const lives: string[] = [];
    let bytes = 0;
    reader.on("data", (read: Buffer) => {
      lives.push(lifeOf(read));
      bytes += read.length;
    });
    peer.write(Buffer.alloc(4 << 20));
    while (bytes < 4 << 20) await once(reader, "data");
    expect(lives[0]).to.equal("turn");
    expect(lives).to.include("until-read");
    for (const text of ["a", "b"]) {
      peer.write(text);
      await once(reader, "data");
    }
    expect(lives.at(-1)).to.equal("turn");
  });

  it("does not lend the memory of a closed connection again: it may still be on its way", async () => {
    const { reader, peer } = await pair();
    const memories = new Set<ArrayBufferLike>();
    const note = (read: Buffer): void => {
      if (lifeOf(read) === "until-read") memories.add(read.buffer);
    };
    reader.on("data", note);
    peer.write(Buffer.alloc(1 << 20));
    while (memories.size === 0) await once(reader, "data");
    const before = new Set(memories);
    reader.destroy();
    await once(reader, "close");
    const next = await pair();
    next.reader.on("data", note);
    next.peer.write(Buffer.alloc(1 << 20));
    for (let bytes = next.reader.bytesRead; bytes < 1 << 20; bytes = next.reader.bytesRead)
      await once(next.reader, "data");
    expect(memories.size).to.be.greaterThan(before.size);
  });

  it("keeps what comes while nobody listens", async () => {
    const { reader, peer } = await pair();
    peer.write("early");
    while (reader.readableLength === 0) await new Promise((resolve) => setImmediate(resolve));
    const other = await pair();
    const overwriting = piece(other.reader);
    other.peer.write("OTHER");
    await overwriting;
    expect(await piece(reader)).to.include({ text: "early", life: "for-ever" });
  });

  it("brings every byte in order, whatever the sizes and pauses", async () => {
    const random = seeded(7);
    const { reader, peer } = await pair();
    const sent = Buffer.alloc(1 << 20);
    for (let n = 0; n < sent.length; n += 4) sent.writeUInt32LE(n, n);
    const seen: Buffer[] = [];
    reader.on("data", (read: Buffer) => {
      seen.push(Buffer.from(read));
      if (random() < 0.3) {
        reader.pause();
        setImmediate(() => reader.resume());
      }
    });
    const ended = once(reader, "end");
    for (let at = 0; at < sent.length;) {
      const step = 1 + Math.floor(random() ** 3 * 300_000);
      if (!peer.write(sent.subarray(at, at + step)) && random() < 0.5) await once(peer, "drain");
      at += step;
    }
    peer.end();
    await ended;
    expect(Buffer.concat(seen).equals(sent)).to.equal(true);
  });
});
