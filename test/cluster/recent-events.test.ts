import { expect } from "chai";
import { RecentEvents } from "../../src/cluster/recent-events.ts";

describe("cluster/recent-events", () => {
  it("recognises an event by its time and its name", () => {
    const recent = new RecentEvents(16);
    expect(recent.add(5n, "start web")).to.equal(true);
    expect(recent.add(5n, "start web")).to.equal(false);
    expect(recent.add(5n, "start db")).to.equal(true);
    expect(recent.add(6n, "start web")).to.equal(true);
    expect(recent.add(4n, "start web"), "older, but never seen").to.equal(true);
    expect(recent.newestNano).to.equal(6n);
  });

  it("remembers exactly the newest so many", () => {
    const recent = new RecentEvents(20);
    for (let n = 1n; n <= 50n; n++) recent.add(n, "a");
    for (let n = 50n; n > 30n; n--) expect(recent.add(n, "a"), String(n)).to.equal(false);
    expect(recent.add(30n, "a")).to.equal(true);
  });

  it("knows times beyond what numbers can tell apart", () => {
    const recent = new RecentEvents(4);
    const nano = 1_795_241_360_469_703_577n;
    recent.add(nano + 1n, "a");
    expect(recent.add(nano, "a")).to.equal(true);
    expect(recent.add(nano + 1n, "a")).to.equal(false);
  });
});
