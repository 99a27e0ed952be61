import { expect } from "chai";
import { sameJson } from "../../src/cluster/same-json.ts";

describe("cluster/same-json", () => {
  // prettier-ignore
  const cases = [
    { a: 1,                       b: 1,                       same: true },
    { a: "1",                     b: 1,                       same: false },
    { a: null,                    b: {},                      same: false },
    { a: {},                      b: null,                    same: false },
    { a: undefined,               b: null,                    same: false },
    { a: [],                      b: {},                      same: false },
    { a: {},                      b: [],                      same: false },
    { a: [1, [2]],                b: [1, [2]],                same: true },
    { a: [1, 2],                  b: [1],                     same: false },
    { a: [1],                     b: [1, 2],                  same: false },
    { a: { x: 1, y: { z: [] } },  b: { y: { z: [] }, x: 1 },  same: true },
    { a: { x: 1 },                b: { x: 1, y: 2 },          same: false },
    { a: { x: 1, y: 2 },          b: { x: 1 },                same: false },
    { a: { x: undefined },        b: { y: undefined },        same: false },
    { a: { x: { y: 1 } },         b: { x: { y: 2 } },         same: false },
  ];
  for (const { a, b, same } of cases) {
    it(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${same ? "the same" : "different"}`, () =>
      expect(sameJson(a, b)).to.equal(same));
  }
});
