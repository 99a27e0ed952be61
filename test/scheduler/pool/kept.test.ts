import { expect } from "chai";

import { ChangeLog } from "../../../src/scheduler/pool/change-log.ts";
import { RecentlyUsed } from "../../../src/scheduler/pool/recently-used.ts";

describe("scheduler/pool: what is kept", () => {
  it("tells changes in their order, as long as they are kept", () => {
    const log = new ChangeLog<string>(3);
    const since = (seen: number): string[] => {
      const told: string[] = [];
      log.since(seen, (change) => void told.push(change));
      return told;
    };
    for (const change of ["a", "b", "c", "d"]) log.add(change);
    expect(log.end).to.equal(4);
    expect([log.reaches(0), log.reaches(1), log.reaches(4)]).to.deep.equal([false, true, true]);
    expect(since(1)).to.deep.equal(["b", "c", "d"]);
    expect(since(4)).to.deep.equal([]);
  });

  it("lets go of what was not used for longest", () => {
    const kept = new RecentlyUsed<number>(2);
    kept.set("a", 1);
    kept.set("b", 2);
    expect(kept.get("a")).to.equal(1);
    kept.set("c", 3);
    expect([kept.get("a"), kept.get("b"), kept.get("c")]).to.deep.equal([1, undefined, 3]);
    kept.set("c", 4);
    expect([kept.size, ...kept.values()]).to.deep.equal([2, 1, 4]);
  });
});
