import { expect } from "chai";

import { FILTER_NAMES, filtersByName, HEALTH_ONLY } from "../../filters/index.ts";

describe("filters/index", () => {
  it("has all seven in the contract's order", () => {
    expect(FILTER_NAMES.join(" ")).to.equal(
      "health port containerslots dependency affinity constraint whitelist",
    );
  });

  it("keeps the order given", () => {
    expect(filtersByName(["constraint", "health"]).map(({ name }) => name)).to.deep.equal([
      "constraint",
      "health",
    ]);
  });

  it("refuses an unknown name", () => {
    expect(() => filtersByName(["health", "nope"])).to.throw(Error, /^filter not supported$/);
  });

  it("offers health alone for work that runs no container (B12)", () => {
    expect(HEALTH_ONLY.map(({ name }) => name)).to.deep.equal(["health"]);
  });
});
