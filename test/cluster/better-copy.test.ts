import { expect } from "chai";
import { betterCopy } from "../../src/cluster/better-copy.ts";
import { ContainerIndex } from "../../src/cluster/container-index.ts";
import { RESCHEDULED_FROM_LABEL } from "../../src/cluster/container-record.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import { fakeEngine, hex, record, type RecordParts } from "./builders.ts";

const engineThat = (parts: Partial<Engine>): Engine =>
  Object.assign(fakeEngine(), { isHealthy: true, clockDeltaMs: 0 }, parts);

const well = engineThat({});
const lost = engineThat({ isHealthy: false });
const copy = (parts: RecordParts = {}) => record({ engine: well, swarmId: hex("5"), ...parts });
const exited = { Status: "exited", Running: false };

describe("cluster/better-copy", () => {
  // prettier-ignore
  const cases: { it: string; better: RecordParts; other: RecordParts }[] = [
    { it: "one on a healthy engine before one that runs on a lost one", better: { state: exited },       other: { engine: lost } },
    { it: "one that runs before one made in its place that does not",   better: {},                      other: { state: exited, labels: { [RESCHEDULED_FROM_LABEL]: hex("b") } } },
    { it: "one made in place of the other",                             better: { labels: { [RESCHEDULED_FROM_LABEL]: hex("c") } }, other: {} },
    { it: "the lower ID when nothing else tells them apart",            better: {},                      other: {} },
  ];
  for (const { it: title, better, other } of cases) {
    it(`prefers ${title}`, () => {
      const a = copy({ id: hex("b"), ...better });
      const b = copy({ id: hex("c"), ...other });
      expect(betterCopy(a, b)).to.equal(a);
      expect(betterCopy(b, a)).to.equal(a);
    });
  }

  it("prefers the one created later, by the manager's clock", () => {
    const behind = copy({ id: hex("c"), engine: engineThat({ clockDeltaMs: 60_000 }) });
    const ahead = copy({ id: hex("b") });
    expect(betterCopy(ahead, behind)).to.equal(behind);
  });

  describe("in the container index", () => {
    const index = new ContainerIndex();
    const old = copy({ id: hex("ab1"), state: exited });
    const now = copy({ id: hex("ab2") });
    const stranger = copy({ id: hex("cd1"), names: ["job"], swarmId: hex("6") });
    const namesake = copy({ id: hex("cd2"), names: ["job"], swarmId: hex("7") });
    for (const each of [old, now, stranger, namesake]) index.add(each);

    for (const reference of ["web", hex("5"), hex("5").slice(0, 12), "ab", "5"]) {
      it(`${reference} means the better copy`, () => {
        expect(index.resolve(reference)).to.equal(now);
      });
    }
    for (const reference of ["job", "cd"]) {
      it(`${reference}, which fits several containers, means none`, () => {
        expect(index.resolve(reference)).to.equal(undefined);
      });
    }
    it("each ID means its own copy", () => {
      expect(index.resolve(old.id)).to.equal(old);
    });
    it("knows all copies", () => {
      expect([...index.withSwarmId(hex("5"))]).to.have.members([old, now]);
    });
  });
});
