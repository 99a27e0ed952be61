import { expect } from "chai";
import { DEFAULT_SETTINGS, type NodeSettings } from "../../src/cluster/node-settings.ts";
import { ApiError } from "../../src/errors.ts";
import { changed, isDefault, sameSettings, type NodeChange } from "../../src/nodes/node-change.ts";

const NOW = 1_000_000;
const drained: NodeSettings = {
  availability: "drain",
  labels: new Map([["rack", "r1"]]),
  drain: { sinceMs: 5, deadlineMs: 10 },
};

describe("nodes/node-change", () => {
  // prettier-ignore
  const cases: readonly { it: string; from: NodeSettings; change: NodeChange; to: NodeSettings }[] = [
    { it: "pauses",                              from: DEFAULT_SETTINGS, change: { availability: "pause" },
      to: { availability: "pause", labels: new Map() } },
    { it: "drains without a deadline",           from: DEFAULT_SETTINGS, change: { availability: "drain" },
      to: { availability: "drain", labels: new Map(), drain: { sinceMs: NOW, deadlineMs: undefined } } },
    { it: "drains with a deadline",              from: DEFAULT_SETTINGS, change: { availability: "drain", drainDeadlineMs: 60_000 },
      to: { availability: "drain", labels: new Map(), drain: { sinceMs: NOW, deadlineMs: NOW + 60_000 } } },
    { it: "gives a drain a new term when asked again", from: drained,    change: { availability: "drain" },
      to: { ...drained, drain: { sinceMs: NOW, deadlineMs: undefined } } },
    { it: "gives a drain a new deadline",        from: drained,          change: { drainDeadlineMs: 1_000 },
      to: { ...drained, drain: { sinceMs: NOW, deadlineMs: NOW + 1_000 } } },
    { it: "leaves a drain alone",                from: drained,          change: { addLabels: { a: "b" } },
      to: { ...drained, labels: new Map([["rack", "r1"], ["a", "b"]]) } },
    { it: "ends a drain, and keeps the labels",  from: drained,          change: { availability: "active" },
      to: { availability: "active", labels: drained.labels } },
    { it: "replaces a label's value",            from: drained,          change: { addLabels: { rack: "r2" } },
      to: { ...drained, labels: new Map([["rack", "r2"]]) } },
    { it: "removes labels, those that are not there too", from: drained, change: { removeLabels: ["rack", "nope"] },
      to: { ...drained, labels: new Map() } },
    { it: "changes nothing when asked nothing",  from: drained,          change: {}, to: drained },
  ];
  for (const { it: what, from, change, to } of cases) {
    it(what, () => expect(changed(from, change, NOW)).to.deep.equal(to));
  }

  // prettier-ignore
  const refused: readonly { it: string; change: NodeChange; says: RegExp }[] = [
    { it: "a deadline without a drain",          change: { drainDeadlineMs: 5 },                             says: /would not be drained/ },
    { it: "a deadline of a pause",               change: { availability: "pause", drainDeadlineMs: 5 },      says: /would not be drained/ },
    { it: "no time at all",                      change: { availability: "drain", drainDeadlineMs: 0 },      says: /more than 0 seconds/ },
    { it: "a time that is no number",            change: { availability: "drain", drainDeadlineMs: NaN },    says: /more than 0 seconds/ },
    { it: "more than a week",                    change: { availability: "drain", drainDeadlineMs: 7 * 86_400_000 + 1 }, says: /at most 604800/ },
    { it: "a label that cannot be",              change: { addLabels: { "a b": "c" } },                      says: /^invalid label: "a b"/ },
    { it: "a label both added and removed",      change: { addLabels: { a: "c" }, removeLabels: ["a"] },     says: /"a" is both added and removed/ },
    { it: "too many labels",                     change: { addLabels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, ""])) }, says: /at most 64 labels, these would be 65/ },
  ];
  for (const { it: what, change, says } of refused) {
    it(`refuses ${what}`, () => {
      expect(() => changed(DEFAULT_SETTINGS, change, NOW))
        .to.throw(ApiError, says)
        .with.property("status", 400);
    });
  }

  it("knows what needs no entry", () => {
    expect(isDefault(DEFAULT_SETTINGS)).to.equal(true);
    expect(isDefault({ availability: "pause", labels: new Map() })).to.equal(false);
    expect(isDefault({ availability: "active", labels: new Map([["a", ""]]) })).to.equal(false);
  });

  it("tells settings apart by each of their parts", () => {
    const others: readonly NodeSettings[] = [
      { ...drained, availability: "pause" },
      { ...drained, labels: new Map([["rack", "r2"]]) },
      { ...drained, labels: new Map([["row", "r1"]]) },
      { ...drained, labels: new Map([...drained.labels, ["a", ""]]) },
      { ...drained, drain: { sinceMs: 6, deadlineMs: 10 } },
      { ...drained, drain: { sinceMs: 5, deadlineMs: undefined } },
    ];
    for (const other of others) expect(sameSettings(drained, other)).to.equal(false);
    expect(sameSettings(drained, { ...drained, labels: new Map(drained.labels) })).to.equal(true);
    expect(sameSettings(drained, undefined)).to.equal(false);
    expect(sameSettings(undefined, undefined)).to.equal(true);
  });
});
