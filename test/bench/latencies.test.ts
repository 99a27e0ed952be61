import { expect } from "chai";
import { Latencies, median } from "../../bench/client/latencies.ts";

describe("bench/latencies", () => {
  it("gives the smallest value that so many percent do not exceed", () => {
    const latencies = new Latencies();
    // More than it has room for at first, and out of order.
    for (let value = 2_000; value >= 1; value--) latencies.add(value);
    expect(latencies.count).to.equal(2_000);
    expect([latencies.p50, latencies.p99, latencies.max]).to.deep.equal([1_000, 1_980, 2_000]);
    latencies.add(0.5);
    expect([latencies.percentile(0), latencies.max]).to.deep.equal([0.5, 2_000]);
  });

  it("has no value when nothing was measured", () => {
    expect(new Latencies().p50).to.be.NaN;
  });

  it("takes the middle, or between the two middle ones", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).to.deep.equal([2, 2.5, 7]);
    expect(median([])).to.be.NaN;
  });
});
