import { expect } from "chai";
import { NewestIds } from "../../src/cluster/newest-ids.ts";

describe("cluster/newest-ids", () => {
  it("keeps so many, the newest", () => {
    const ids = new NewestIds(2);
    for (const id of ["a", "b", "b", "c"]) ids.add(id);
    expect(["a", "b", "c"].map((id) => ids.has(id))).to.deep.equal([false, true, true]);
    ids.delete("b");
    ids.add("d");
    expect(["b", "c", "d"].map((id) => ids.has(id))).to.deep.equal([false, true, true]);
  });
});
