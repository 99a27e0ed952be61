import { expect } from "chai";

import { compareNatural } from "../../src/scheduler/natural-order.ts";

describe("scheduler/natural-order", () => {
  // prettier-ignore
  const ordered: readonly (readonly [title: string, names: string[]])[] = [
    ["digit runs are numbers",             ["node-1", "node-2", "node-10", "node-100"]],
    ["the empty name is first",            ["", "0", "a"]],
    ["digits come before letters",         ["a1", "aa"]],
    ["digits come before signs, too",      ["a1", "a-"]],
    ["a prefix comes first",               ["node", "node-1"]],
    ["spaces are passed over",             ["a 1", "a2", "a 3", "a 1 0"]],
    ["numbers of any size",                ["n9", "n99999999999999999998", "n99999999999999999999"]],
    ["zeros in front do not count",        ["n01", "n2", "n003"]],
    ["several runs",                       ["10.0.0.9:2375", "10.0.0.10:2375", "10.0.1.1:80"]],
    ["equal but for zeros: plain order",   ["n01", "n1"]],
    ["equal but for spaces: plain order",  ["a 1", "a1"]],
  ];
  for (const [title, names] of ordered) {
    it(title, () => {
      expect([...names].reverse().sort(compareNatural)).to.deep.equal(names);
      expect([...names].sort(compareNatural)).to.deep.equal(names);
    });
  }

  it("is equal only for equal names", () => {
    expect(compareNatural("n1", "n1")).to.equal(0);
    expect(compareNatural("", "")).to.equal(0);
    expect(compareNatural(" ", "")).to.not.equal(0);
  });
});
