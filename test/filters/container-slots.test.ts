import { expect } from "chai";

import { containerSlots } from "../../filters/container-slots.ts";
import { candidate, frame, outcome, request, scheduler, SLOTS } from "../scheduler/builders.ts";

describe("filters/container-slots: the table of scheduling.md §10.6", () => {
  const node = (name: string, others: number, containerslots?: string) =>
    candidate({ name, others, labels: containerslots === undefined ? {} : { containerslots } });
  const nodes = [
    node("n1", 1, "1"),
    node("n2", 1, "2"),
    node("n3", 2, "foo"),
    node("n4", 3),
    node("n5", 0, "0"),
  ];
  const only = (...names: string[]) => nodes.filter(({ name }) => names.includes(name));
  // prettier-ignore
  const cases = [
    { it: "S01: all five nodes, spread",                    on: nodes,                      with: {},                                   result: "n2 n3 n4" },
    { it: "S02: only n1 and n5",                            on: only("n1", "n5"),           with: {},                                   result: frame(SLOTS) },
    { it: "S03: all five nodes, binpack",                   on: nodes,                      with: { strategy: "binpack" },              result: "n4 n3 n2" },
    { it: "S04: one empty node, -1",                        on: [node("n1", 0, "-1")],      with: {},                                   result: frame(SLOTS) },
    { it: 'S05: one empty node, " 0" is not an integer',    on: [node("n1", 0, " 0")],      with: {},                                   result: "n1" },
    { it: "S06: only n1, filters health and constraint",    on: only("n1"),                 with: { filters: ["health", "constraint"] }, result: "n1" },
  ];
  for (const c of cases) {
    it(c.it, () => {
      expect(outcome(scheduler(c.with).place(request(), c.on))).to.equal(c.result);
    });
  }
});

describe("filters/container-slots: what is an integer", () => {
  // prettier-ignore
  const cases: readonly (readonly [text: string, slots: number | undefined])[] = [
    ["3", 3], ["+3", 3], ["-3", -3], ["007", 7],
    ["", undefined], ["3.0", undefined], ["1e3", undefined], ["0x10", undefined], ["99999999999999999999", undefined],
  ];
  for (const [text, slots] of cases) {
    it(`"${text}"`, () => {
      expect(containerSlots(new Map([["containerslots", text]]))).to.equal(slots);
    });
  }
});
