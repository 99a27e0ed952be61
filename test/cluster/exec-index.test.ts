import { expect } from "chai";
import { ExecIndex } from "../../src/cluster/exec-index.ts";
import { fakeEngine } from "./builders.ts";

describe("cluster/exec-index", () => {
  const [n1, n2] = [fakeEngine("n1"), fakeEngine("n2")];

  it("knows whose an exec is", () => {
    const index = new ExecIndex();
    index.add("e1", n1, "c1");
    expect(index.get("e1")).to.deep.equal({ engine: n1, containerId: "c1" });
    expect(index.get("e2")).to.equal(undefined);
  });

  it("forgets the oldest beyond 20,000, counting from when they were last seen", () => {
    const index = new ExecIndex();
    for (let n = 0; n < 20_000; n++) index.add(`e${n}`, n1, "c");
    index.add("e0", n1, "c");
    index.add("one more", n1, "c");
    expect(index.get("e0")).not.to.equal(undefined);
    expect(index.get("e1")).to.equal(undefined);
    expect(index.get("e2")).not.to.equal(undefined);
  });

  it("forgets an engine's", () => {
    const index = new ExecIndex();
    index.add("e1", n1, "c");
    index.add("e2", n2, "c");
    index.forgetEngine(n1);
    expect([index.get("e1"), index.get("e2")?.engine]).to.deep.equal([undefined, n2]);
  });
});
