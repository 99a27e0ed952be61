import { expect } from "chai";
import { LabelUnion } from "../../src/cluster/label-union.ts";

const own = new Map([
  ["storagedriver", "overlay2"],
  ["rack", "r1"],
  ["row", "a"],
]);

describe("cluster/label-union", () => {
  it("has the engine's labels and those given, which win", () => {
    const all = new LabelUnion().of(own, new Map([["rack", "r2"], ["ssd", "yes"]])); // prettier-ignore
    expect(Object.fromEntries(all)).to.deep.equal({
      storagedriver: "overlay2",
      rack: "r2",
      row: "a",
      ssd: "yes",
    });
  });

  it("leaves what is built in", () => {
    const all = new LabelUnion().of(own, new Map([["storagedriver", "zfs"], ["ostype", "windows"]])); // prettier-ignore
    expect(Object.fromEntries(all)).to.deep.equal(Object.fromEntries(own));
  });

  it("is made once for the same parts", () => {
    const union = new LabelUnion();
    const given = new Map([["a", "b"]]);
    const first = union.of(own, given);
    expect(union.of(own, given)).to.equal(first);
    expect(union.of(own, new Map([["a", "c"]])).get("a")).to.equal("c");
    expect(union.of(new Map(), given).size).to.equal(1);
    expect(union.of(own, new Map())).to.equal(own);
  });
});
