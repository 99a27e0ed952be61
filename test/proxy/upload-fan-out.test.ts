import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { expect } from "chai";
import { StalledError, UploadFanOut } from "../../src/proxy/upload-fan-out.ts";

const KIB = 1024;

async function whole(branch: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of branch) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Everything that can happen without waiting for a timer has happened. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Endless. */
class Endless extends Readable {
  override _read(): void {
    setImmediate(() => this.push(Buffer.alloc(4 * KIB)));
  }
}

const closed = async (branch: Readable): Promise<void> => {
  if (!branch.closed) await new Promise((resolve) => branch.once("close", resolve));
};

describe("proxy/upload-fan-out", () => {
  it("gives every branch all of the upload", async () => {
    const bytes = randomBytes(300 * KIB);
    const pieces = Array.from({ length: 60 }, (_, at) => bytes.subarray(at * 5 * KIB, (at + 1) * 5 * KIB));
    const upload = new UploadFanOut(Readable.from(pieces, { objectMode: false }), { windowBytes: 16 * KIB });
    const branches = [upload.branch(), upload.branch(), upload.branch()];
    upload.start();
    for (const got of await Promise.all(branches.map(whole))) expect(got.equals(bytes)).to.equal(true);
    expect(upload.heldBytes).to.equal(0);
  });

  it("gives an empty upload as an empty one", async () => {
    const upload = new UploadFanOut(Readable.from([]));
    const branch = upload.branch();
    upload.start();
    expect(await whole(branch)).to.have.length(0);
  });

  it("shares the pieces instead of copying them", async () => {
    const source = new PassThrough();
    const upload = new UploadFanOut(source);
    const branches = [upload.branch(), upload.branch()];
    upload.start();
    source.write("piece");
    const [one, two] = (await Promise.all(branches.map((branch) => once(branch, "data")))) as [
      [Buffer],
      [Buffer],
    ];
    expect(one[0].buffer).to.equal(two[0].buffer);
    for (const branch of branches) branch.destroy();
  });

  it("lets the fastest go ahead of the slowest by the window, and no more", async () => {
    const source = new Endless();
    const upload = new UploadFanOut(source, { windowBytes: 256 * KIB });
    const fast = upload.branch();
    const slow = upload.branch();
    let taken = 0;
    fast.on("data", (chunk: Buffer) => (taken += chunk.length));
    upload.start();
    await settled();
    expect(source.isPaused()).to.equal(true);
    expect(taken).to.be.within(200 * KIB, 300 * KIB);
    expect(upload.heldBytes).to.be.within(256 * KIB, 261 * KIB);
    // What the slow one takes makes room for as much.
    const before = taken;
    for (let at = 0; at < 20; at++) {
      slow.read(4 * KIB);
      await settled();
    }
    expect(taken - before).to.be.within(40 * KIB, 120 * KIB);
    for (const branch of [fast, slow]) branch.destroy();
    source.destroy();
  });

  it("goes on without a branch that ends early, and without what was kept for it", async () => {
    const source = new Endless();
    const upload = new UploadFanOut(source, { windowBytes: 64 * KIB });
    const fast = upload.branch();
    const slow = upload.branch();
    let taken = 0;
    fast.on("data", (chunk: Buffer) => {
      taken += chunk.length;
      if (taken > 1024 * KIB) source.destroy(new Error("enough"));
    });
    upload.start();
    await settled();
    expect(taken).to.be.below(100 * KIB);
    slow.destroy(new Error("the engine is gone"));
    await closed(fast);
    expect(taken).to.be.above(1024 * KIB);
    expect(upload.heldBytes).to.be.below(64 * KIB);
  });

  it("reads on for nobody when all branches have ended, so that the client can finish", async () => {
    const source = new PassThrough();
    const upload = new UploadFanOut(source, { windowBytes: 4 * KIB });
    const branch = upload.branch();
    upload.start();
    source.write(Buffer.alloc(64 * KIB));
    await settled();
    branch.destroy(new Error("the engine is gone"));
    source.end(Buffer.alloc(512 * KIB));
    await once(source, "end");
    expect(upload.heldBytes).to.equal(0);
  });

  it("destroys the branches, and ends none, when the source breaks off", async () => {
    const source = new PassThrough();
    const upload = new UploadFanOut(source);
    const [reading, idle] = [upload.branch(), upload.branch()];
    let ended = false;
    reading.on("data", () => undefined).on("end", () => (ended = true));
    upload.start();
    source.write("the beginning");
    await settled();
    source.destroy();
    await Promise.all([reading, idle].map(closed));
    expect(ended).to.equal(false);
    for (const branch of [reading, idle]) expect(branch.errored?.message).to.equal("the upload broke off");
  });

  it("destroys the branches when the source had broken off before", async () => {
    const source = new PassThrough();
    source.destroy();
    const upload = new UploadFanOut(source);
    const branch = upload.branch();
    upload.start();
    await settled();
    expect(branch.errored?.message).to.equal("the upload broke off");
  });

  it("drops a branch that takes nothing while another waits", async () => {
    const source = new Endless();
    const upload = new UploadFanOut(source, { windowBytes: 64 * KIB, stallMs: 20 });
    const fast = upload.branch();
    const stuck = upload.branch();
    let taken = 0;
    fast.on("data", (chunk: Buffer) => (taken += chunk.length));
    upload.start();
    const [error] = (await once(stuck, "error")) as [Error];
    expect(error).to.be.instanceOf(StalledError);
    expect(error.message).to.include("0.02 s");
    expect(fast.destroyed).to.equal(false);
    const before = taken;
    await settled();
    expect(taken).to.be.above(before + 64 * KIB);
    fast.destroy();
    source.destroy();
  });

  it("waits for branches that all stand still: nobody waits for another", async () => {
    const source = new Endless();
    const upload = new UploadFanOut(source, { windowBytes: 64 * KIB, stallMs: 5 });
    const branches = [upload.branch(), upload.branch()];
    upload.start();
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (const branch of branches) expect(branch.destroyed).to.equal(false);
    for (const branch of branches) branch.destroy();
    source.destroy();
  });
});
