import { expect } from "chai";

import { strategyByName } from "../../strategies/index.ts";

describe("strategies/index", () => {
  // prettier-ignore
  const cases = [
    { given: "spread",     name: "spread" },
    { given: "binpack",    name: "binpack" },
    { given: "binpacking", name: "binpack" },
    { given: "random",     name: "random" },
  ];
  for (const { given, name } of cases) {
    it(`finds ${given}`, () => {
      expect(strategyByName(given).name).to.equal(name);
    });
  }

  for (const given of ["", "Spread", "toString"]) {
    it(`refuses "${given}"`, () => {
      expect(() => strategyByName(given)).to.throw(Error, /^strategy not supported$/);
    });
  }
});
