import { expect } from "chai";
import { Records } from "../../../src/api/build/records.ts";

describe("api/build/records", () => {
  let now = 0;
  const records = (limit = 3) => new Records<string>({ keepMs: 100, limit, now: () => now });
  const never = new AbortController().signal;
  beforeEach(() => {
    now = 0;
  });

  it("forgets some time after the last use", () => {
    const kept = records();
    const end = kept.use("a", "x");
    now = 500;
    expect(kept.get("a")).to.equal("x");
    expect(end()).to.equal(true);
    now = 599;
    expect(kept.get("a")).to.equal("x");
    now = 600;
    expect([kept.get("a"), kept.size]).to.deep.equal([undefined, 0]);
  });

  it("knows the last of several uses", () => {
    const kept = records();
    const [one, two] = [kept.use("a", "x"), kept.use("a", "x")];
    expect([kept.usesOf("a"), one(), kept.usesOf("a"), two(), kept.usesOf("a")]).to.deep.equal([
      2,
      false,
      1,
      true,
      0,
    ]);
  });

  it("lets a new value take the place of one in use", () => {
    const kept = records();
    const old = kept.use("a", "x");
    const end = kept.use("a", "y");
    expect(old()).to.equal(true);
    expect([kept.get("a"), kept.usesOf("a"), end()]).to.deep.equal(["y", 1, true]);
  });

  it("keeps so many, those used last and those in use", () => {
    const kept = records(2);
    kept.use("busy", "x");
    for (const name of ["a", "b", "c", "d"]) kept.use(name, "x")();
    kept.use("c", "x")();
    kept.use("e", "x")();
    expect(["busy", "a", "b", "c", "d", "e"].filter((name) => kept.get(name))).to.deep.equal(["busy", "e"]);
  });

  it("waits for a value", async () => {
    const kept = records();
    const waiting = [kept.wait("a", 10_000, never), kept.wait("a", 10_000, never)];
    kept.use("a", "x");
    expect(await Promise.all(waiting)).to.deep.equal(["x", "x"]);
    expect(await kept.wait("a", 0, never)).to.equal("x");
  });

  it("waits no longer than asked, or than the signal lets it", async () => {
    const kept = records();
    expect(await kept.wait("a", 1, never)).to.equal(undefined);
    const left = new AbortController();
    const waiting = kept.wait("a", 10_000, left.signal);
    left.abort();
    expect(await waiting).to.equal(undefined);
    expect(await kept.wait("a", 10_000, left.signal)).to.equal(undefined);
  });

  it("tells long names apart", () => {
    const kept = records();
    const long = "n".repeat(1_000_000);
    kept.use(long, "x");
    expect([kept.get(long), kept.get(`${long}n`)]).to.deep.equal(["x", undefined]);
  });
});
