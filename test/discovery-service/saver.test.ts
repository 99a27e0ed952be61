import { expect } from "chai";
import { Saver } from "../../src/discovery-service/saver.ts";
import { FakeClock, recordLog } from "./support.ts";

/** A disk that writes when told to. */
function make() {
  const clock = new FakeClock();
  const { log, lines } = recordLog();
  const pending: { done: () => void; fail: (error: Error) => void }[] = [];
  let writes = 0;
  const write = (): Promise<void> => {
    writes++;
    return new Promise((done, fail) => pending.push({ done, fail }));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const disk = {
    async done() {
      pending.shift()!.done();
      await settle();
    },
    async fail(text: string) {
      pending.shift()!.fail(new Error(text));
      await settle();
    },
  };
  return { saver: new Saver({ write, clock, log }), clock, lines, disk, settle, writes: () => writes };
}

describe("discovery-service/saver", () => {
  it("writes a second after a change, once for all changes until then", async () => {
    const { saver, clock, settle, writes } = make();
    for (let change = 0; change < 1000; change++) saver.changed();
    clock.advance(999);
    saver.changed();
    await settle();
    expect(writes()).to.equal(0);
    clock.advance(1);
    await settle();
    expect(writes()).to.equal(1);
    clock.advance(60_000);
    await settle();
    expect(writes()).to.equal(1);
  });

  it("writes changes that come while it writes afterwards", async () => {
    const { saver, clock, disk, settle, writes } = make();
    saver.changed();
    clock.advance(1000);
    await settle();
    saver.changed();
    clock.advance(1000);
    await settle();
    expect(writes()).to.equal(1);
    await disk.done();
    expect(writes()).to.equal(2);
  });

  it("writes at once for who waits, and once for all who came meanwhile", async () => {
    const { saver, disk, settle, writes } = make();
    const done: string[] = [];
    void saver.flush().then(() => done.push("first"));
    await settle();
    void saver.flush().then(() => done.push("second"));
    void saver.flush().then(() => done.push("third"));
    await settle();
    expect(writes()).to.equal(1);
    await disk.done();
    expect([done, writes()]).to.deep.equal([["first"], 2]);
    await disk.done();
    expect([done, writes()]).to.deep.equal([["first", "second", "third"], 2]);
  });

  it("says that the disk failed, to who waits and in the log, and tries again until it works", async () => {
    const { saver, clock, disk, settle, lines, writes } = make();
    const outcome = saver.flush().then(
      () => "written",
      (error: unknown) => (error as Error).message,
    );
    await settle();
    await disk.fail("no space left on device");
    expect(await outcome).to.equal("no space left on device");
    expect(saver.failure?.message).to.equal("no space left on device");
    for (let attempt = 2; attempt < 5; attempt++) {
      clock.advance(10_000);
      await settle();
      expect(writes()).to.equal(attempt);
      await disk.fail("no space left on device");
    }
    clock.advance(10_000);
    await settle();
    await disk.done();
    expect(saver.failure).to.equal(undefined);
    expect(lines.map((line) => line.slice(0, 36))).to.deep.equal([
      "warn the clusters cannot be saved: s",
      "info the clusters are on the disk ag",
    ]);
    expect(clock.waiting).to.equal(0);
  });

  it("writes what is left when it is closed, and nothing later", async () => {
    const { saver, clock, disk, settle, writes } = make();
    saver.changed();
    const closed = saver[Symbol.asyncDispose]();
    await settle();
    await disk.fail("no space left on device");
    await closed;
    saver.changed();
    expect([writes(), clock.waiting]).to.deep.equal([1, 0]);
  });

  it("writes nothing at the end when nothing has changed", async () => {
    const { saver, writes } = make();
    await saver[Symbol.asyncDispose]();
    expect(writes()).to.equal(0);
  });
});
