import { expect } from "chai";
import type { Act, KeySample, LateTime } from "../../live/chaos/invariants/observations.ts";
import { actsWithoutLease, twoPrimaries } from "../../live/chaos/invariants/one-primary.ts";

const lease = { ttlMs: 4000 };

/** The leader's key every 100 ms: `aaa-bb?` is three times a, nobody, twice b, no answer. */
function key(samples: string): KeySample[] {
  return Array.from(samples, (letter, index) => ({
    askedMs: index * 100,
    answeredMs: index * 100 + 10,
    found: letter === "?" ? undefined : letter === "-" ? "nobody" : { holder: letter, tenure: letter },
  }));
}

const act = (manager: string, atMs: number): Act => ({
  atMs,
  manager,
  engine: "node-1",
  line: "POST /containers/create",
});
const wrong = (acts: readonly Act[], samples: string, late: readonly LateTime[] = []) =>
  actsWithoutLease(acts, key(samples), late, lease).map(({ what }) => what.split(" ")[0]);

describe("chaos/one-primary: acts", () => {
  it("admits what the holder does", () => {
    expect(wrong([act("a", 3050)], "a".repeat(50))).to.deep.equal([]);
  });

  it("finds what another does", () => {
    expect(wrong([act("b", 3050)], "a".repeat(50))).to.deep.equal(["b"]);
  });

  it("admits what was on its way when the lease ended", () => {
    expect(wrong([act("a", 3050)], "a".repeat(25) + "b".repeat(25))).to.deep.equal([]);
  });

  it("finds what came long after the lease ended, whether another leads or nobody", () => {
    expect(wrong([act("a", 4050)], "a".repeat(20) + "b".repeat(30))).to.deep.equal(["a"]);
    expect(wrong([act("a", 4050)], "a".repeat(20) + "-".repeat(30))).to.deep.equal(["a"]);
  });

  it("admits what a broken network held back, by that manager and that engine only", () => {
    const samples = "a".repeat(20) + "b".repeat(30);
    const time = { fromMs: 1500, toMs: 4000 };
    expect(
      wrong([act("a", 4050)], samples, [{ engine: "node-1", manager: undefined, ...time }]),
    ).to.deep.equal([]);
    expect(wrong([act("a", 4050)], samples, [{ engine: "node-1", manager: "b", ...time }])).to.deep.equal([
      "a",
    ]);
    expect(wrong([act("a", 4050)], samples, [{ engine: "node-2", manager: "a", ...time }])).to.deep.equal([
      "a",
    ]);
  });

  it("lets the last holder act for one lease while the store is silent, and nobody else", () => {
    const samples = `${"a".repeat(5)}${"?".repeat(95)}a`;
    expect(wrong([act("a", 4000)], samples)).to.deep.equal([]);
    expect(wrong([act("b", 4000)], samples)).to.deep.equal(["b"]);
    expect(wrong([act("a", 9000)], samples)).to.deep.equal(["a"]);
  });

  it("proves nothing where nobody looked", () => {
    expect(wrong([act("b", 9000)], "a".repeat(5))).to.deep.equal([]);
  });
});

describe("chaos/one-primary: words", () => {
  const sample = (manager: string, atMs: number, term: number | undefined) => ({
    manager,
    askedMs: atMs,
    answeredMs: atMs + 10,
    term,
  });

  it("finds two that were primary at one time", () => {
    const found = twoPrimaries([
      sample("a", 0, 1),
      sample("b", 100, 2),
      sample("a", 200, 1),
      sample("b", 300, 2),
    ]);
    expect(found.map(({ what }) => what)).to.deep.equal(["a and b both said they were primary"]);
  });

  it("admits one after the other", () => {
    const samples = [sample("a", 0, 1), sample("a", 100, 1), sample("b", 200, 2), sample("b", 300, 2)];
    expect(twoPrimaries(samples)).to.deep.equal([]);
  });

  it("proves nothing by one word each, or when the term has changed in between", () => {
    expect(twoPrimaries([sample("a", 0, 1), sample("b", 5, 2)])).to.deep.equal([]);
    const changed = [sample("a", 0, 1), sample("b", 50, 2), sample("b", 80, 2), sample("a", 200, 3)];
    expect(twoPrimaries(changed)).to.deep.equal([]);
  });
});
