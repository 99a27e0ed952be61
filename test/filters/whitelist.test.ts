import { expect } from "chai";

import { fixtureF1, frame, outcome, request, scheduler, SLOTS } from "../scheduler/builders.ts";

const place = (...whitelists: string[]): string =>
  outcome(scheduler().place(request({ whitelists }), fixtureF1()));

describe("filters/whitelist: the table of scheduling.md §10.3", () => {
  // prettier-ignore
  const cases: readonly (readonly [id: string, whitelist: string, result: string])[] = [
    ["W01", "node==n1", "n1"],
    ["W02", "node==n1|n3", "n3 n1"],
    ["W03", "node==n9", frame(SLOTS, "[node==n9 (soft=false)]")],
    ["W04", "anything==n2", "n2"],
    ["W05", "node!=n1", "n1"],
    ["W06", "node==~n9", "n3 n1 n2"],
    ["W07", "node==n*", frame(SLOTS, "[node==n* (soft=false)]")],
    ["W08", "node==n1,n2", frame(SLOTS, "error from whitelist filter: Value 'n1,n2' is invalid")],
  ];
  for (const [id, whitelist, result] of cases) {
    it(`${id}: ${whitelist}`, () => {
      expect(place(whitelist)).to.equal(result);
    });
  }

  it("intersects several lists", () => {
    expect(place("node==n1|n2", "node==n2|n3")).to.equal("n2");
    expect(place("node==n1|n2", "node==~n3")).to.equal("n1 n2");
  });
});
