import { once } from "node:events";
import { connect } from "node:net";
import { Writable } from "node:stream";
import { expect } from "chai";
import { lentReads, lifeOf } from "../../src/net/lent-memory.ts";
import { passOn } from "../../src/proxy/pass-on.ts";
import { closeAll, rawEngine } from "./support.ts";

describe("proxy/pass-on", () => {
  afterEach(closeAll);

  /** A connection's other end that keeps its writes, and takes them at once or when told. */
  function target(isSlow: boolean): { to: Writable; writes: Buffer[]; finish: () => void } {
    const writes: Buffer[] = [];
    let finish = (): void => undefined;
    const to = new Writable({
      highWaterMark: 16 << 10,
      write(piece: Buffer, _encoding, done) {
        writes.push(piece);
        if (isSlow) finish = done;
        else done();
      },
    });
    return { to, writes, finish: () => finish() };
  }

  /** Calls back with pieces of lent memory until one has the life that is wanted. */
  async function withPiece(life: string, use: (piece: Buffer) => void): Promise<void> {
    const { target } = await rawEngine((socket) => socket.write(Buffer.alloc(4 << 20, "a")));
    const socket = connect({ host: target.host, port: target.port, onread: lentReads() });
    await new Promise<void>((resolve) =>
      socket.on("data", (piece: Buffer) => {
        if (lifeOf(piece) !== life || piece.length < 32 << 10) return;
        use(piece);
        socket.destroy();
        resolve();
      }),
    );
    await once(socket, "close");
  }

  // prettier-ignore
  const cases = [
    { it: "writes as it is what nobody lent",                           life: "for-ever",   bytes: 10,       copied: false },
    { it: "writes a long piece as it is when its socket waits for us",  life: "until-read", bytes: 32 << 10, copied: false },
    { it: "copies a short one, of whose end nobody would tell",         life: "until-read", bytes: 10,       copied: true },
    { it: "copies a long one whose memory is everybody's",              life: "turn",       bytes: 32 << 10, copied: true },
  ];
  for (const c of cases) {
    it(c.it, async () => {
      const { to, writes } = target(true);
      const use = (piece: Buffer): void => void passOn(piece.subarray(0, c.bytes), to);
      if (c.life === "for-ever") use(Buffer.alloc(c.bytes, "a"));
      else await withPiece(c.life, use);
      expect(writes[0]?.toString()).to.equal("a".repeat(c.bytes));
      expect(lifeOf(writes[0] ?? Buffer.alloc(0))).to.equal(c.copied ? "for-ever" : c.life);
    });
  }

  it("lets the source go on when all was taken at once, however much it was", () => {
    expect(passOn(Buffer.alloc(1 << 20), target(false).to)).to.equal(true);
  });

  it("stops the source until what was not taken is gone", async () => {
    const { to, finish } = target(true);
    expect(passOn(Buffer.alloc(1 << 20), to)).to.equal(false);
    const drained = once(to, "drain");
    finish();
    await drained;
  });
});
