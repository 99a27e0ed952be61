import { expect } from "chai";
import { massFailure } from "../../src/reschedule/mass-failure.ts";

/** Losses at these times, of so many engines, with an interval of 60. */
function found(times: readonly number[], total: number): string | undefined {
  const losses = times.map((sinceMs, index) => ({ key: String(index), sinceMs }));
  const mass = massFailure(losses, total, 60);
  return mass && `${[...mass.keys].sort().join(" ")} until ${mass.untilMs}`;
}

describe("reschedule/mass-failure", () => {
  // prettier-ignore
  const cases = [
    { it: "nothing lost is no mass failure",                      times: [],                of: 3, says: undefined },
    { it: "one of three is none",                                 times: [100],             of: 3, says: undefined },
    { it: "half of them is none",                                 times: [100, 100],        of: 4, says: undefined },
    { it: "more than half is one, for one more interval",         times: [100, 120],        of: 3, says: "0 1 until 180" },
    { it: "one after another is none",                            times: [100, 161],        of: 3, says: undefined },
    { it: "within one interval is one",                           times: [100, 160],        of: 3, says: "0 1 until 220" },
    { it: "an engine lost long before is not part of it",         times: [0, 100, 110, 120], of: 5, says: "1 2 3 until 180" },
    { it: "an engine lost long after does not prolong it",        times: [100, 110, 120, 900], of: 5, says: "0 1 2 until 180" },
    { it: "the only engine is all of them",                       times: [100],             of: 1, says: "0 until 160" },
  ];
  for (const c of cases) it(c.it, () => expect(found(c.times, c.of)).to.equal(c.says));
});
