import { expect } from "chai";
import { merged } from "../../../src/reschedule/wanted/merge.ts";
import { id, place, wanted } from "./builders.ts";

describe("reschedule/wanted/merge", () => {
  const base = wanted();
  const moved = wanted({ last: place("2", "node-2"), formerIds: [id("1")] });
  const stopped = wanted({ run: "stopped" });
  const renamed = wanted({ name: "shop" });

  it("takes from each what only that one changed", () => {
    expect(merged(base, stopped, renamed)).to.deep.include({ run: "stopped", name: "shop" });
  });

  it("takes ours where both changed the same", () => {
    expect(merged(base, renamed, wanted({ name: "theirs" }))).to.have.property("name", "shop");
  });

  it("believes whoever moved it, in everything", () => {
    expect(merged(base, stopped, moved)).to.equal(moved);
    expect(merged(base, moved, stopped)).to.equal(moved);
  });

  it("does not let the removal of the old copy take the new one along", () => {
    expect(merged(base, undefined, moved)).to.equal(moved);
    expect(merged(base, moved, undefined)).to.equal(moved);
  });

  it("lets removed be removed otherwise", () => {
    expect(merged(base, undefined, stopped)).to.equal(undefined);
    expect(merged(base, stopped, undefined)).to.equal(undefined);
  });

  it("keeps ours where we knew of none, unless theirs is about another copy", () => {
    expect(merged(undefined, renamed, stopped)).to.equal(renamed);
    expect(merged(undefined, base, moved)).to.equal(moved);
    expect(merged(undefined, base, undefined)).to.equal(base);
    expect(merged(undefined, undefined, base)).to.equal(undefined);
  });
});
