import { expect } from "chai";
import { beatMs, onBeat } from "../../src/cluster/sweep-beat.ts";

describe("cluster/sweep-beat", () => {
  it("sweeps engines together whose time comes in the same sixtieth of the interval", () => {
    const beat = beatMs(60_000, 1_000);
    const moments = [61_300, 61_999, 62_000, 62_001].map((at, index) => {
      const now = 500 + 7 * index;
      return now + onBeat(at - now, now, beat);
    });
    expect(moments).to.deep.equal([62_000, 62_000, 62_000, 63_000]);
  });

  it("never sweeps earlier, and no more than a beat later", () => {
    for (let now = 0; now < 2_000; now += 13) {
      const delay = onBeat(700, now, 250);
      expect(delay).to.be.within(700, 950);
    }
  });

  // prettier-ignore
  const beats = [
    { it: "a second with the default interval",   intervalMs: 60_000, engines: 1,      ms: 1_000 },
    { it: "shorter when the interval is",         intervalMs: 2_000,  engines: 1_000,  ms: 2_000 / 60 },
    { it: "shorter with more than a thousand",    intervalMs: 60_000, engines: 10_000, ms: 100 },
  ];
  for (const { it: title, intervalMs, engines, ms } of beats)
    it(`is ${title}`, () => expect(beatMs(intervalMs, engines)).to.equal(ms));
});
