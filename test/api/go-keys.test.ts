import { expect } from "chai";
import { withProperKeys } from "../../src/api/go-keys.ts";

describe("api/go-keys", () => {
  // prettier-ignore
  const cases = [
    { it: "leaves proper keys alone",           given: { Image: 1, Other: 2 },        proper: { Image: 1, Other: 2 } },
    { it: "mends case",                         given: { image: 1, hostConfig: 2 },   proper: { Image: 1, HostConfig: 2 } },
    { it: "lets the last of several count",     given: { Image: 1, IMAGE: 2 },        proper: { Image: 2 } },
    { it: "lets the last count, the proper one too", given: { IMAGE: 2, Image: 1 },   proper: { Image: 1 } },
    { it: "folds letters as Go does",           given: { "ho\u017ftconfig": 1 },      proper: { HostConfig: 1 } },
    { it: "keeps the case of unknown keys",     given: { cmd: 1, image: 2 },          proper: { cmd: 1, Image: 2 } },
  ];
  for (const c of cases) {
    it(c.it, () => {
      const proper = withProperKeys(c.given, ["Image", "HostConfig"]);
      expect(proper).to.deep.equal(c.proper);
      expect(Object.keys(proper)).to.deep.equal(Object.keys(c.proper));
    });
  }

  it("does not copy what needs no change", () => {
    const given = { Image: 1 };
    expect(withProperKeys(given, ["Image"])).to.equal(given);
  });
});
