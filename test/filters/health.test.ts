import { expect } from "chai";

import { candidate, outcome, request, scheduler } from "../scheduler/builders.ts";

const UNHEALTHY = "No healthy node available in the cluster";

describe("filters/health: the table of scheduling.md §10.7", () => {
  const nodes = (...indicators: number[]) =>
    indicators.map((health, index) => candidate({ name: `n${index + 1}`, health, others: 1 }));
  // prettier-ignore
  const cases = [
    { it: "H01: spread, 0 100 66",                on: nodes(0, 100, 66),  with: {},                              result: "n2 n3" },
    { it: "H02: spread, 0 0",                     on: nodes(0, 0),        with: {},                              result: UNHEALTHY },
    { it: "H03: binpack, 66 100 33",              on: nodes(66, 100, 33), with: { strategy: "binpack" },         result: "n2 n1 n3" },
    { it: "H04: no nodes at all",                 on: nodes(),            with: {},                              result: UNHEALTHY },
    { it: "H05: no nodes, filter constraint",     on: nodes(),            with: { filters: ["constraint"] },     result: "No nodes available in the cluster" },
    { it: "H06: filter constraint, 0 100",        on: nodes(0, 100),      with: { filters: ["constraint"] },     result: "n2 n1" },
    { it: "H07: filter port, 0 50 100",           on: nodes(0, 50, 100),  with: { filters: ["port"] },           result: "n3 n2 n1" },
  ];
  for (const c of cases) {
    it(c.it, () => {
      expect(outcome(scheduler(c.with).place(request(), c.on))).to.equal(c.result);
    });
  }
});
