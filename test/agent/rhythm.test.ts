import { expect } from "chai";
import { jittered, periodMs, registerWithinMs, retryMs } from "../../src/agent/rhythm.ts";

describe("agent/rhythm", () => {
  // prettier-ignore
  const cases = [
    { heartbeat: 60,   ttl: 300,   period: 60,    within: 10, retries: "1 2 4 8 16 32 60 60" },
    { heartbeat: 60,   ttl: 180,   period: 45,    within: 10, retries: "1 2 4 8 16 32 45 45" },
    { heartbeat: 60,   ttl: 61,    period: 15.25, within: 10, retries: "1 2 4 8 15.25 15.25" },
    { heartbeat: 5,    ttl: 20,    period: 5,     within: 6,  retries: "1 2 4 5 5" },
    { heartbeat: 1,    ttl: 2,     period: 0.5,   within: 6,  retries: "0.5 0.5" },
    { heartbeat: 3600, ttl: 36000, period: 3600,  within: 10, retries: "1 2 4 8 16 32 60 60" },
  ];
  for (const { heartbeat, ttl, period, within, retries } of cases) {
    it(`with --heartbeat ${heartbeat}s --ttl ${ttl}s: every ${period} s, retries after ${retries} s`, () => {
      const rhythm = { heartbeatMs: heartbeat * 1000, ttlMs: ttl * 1000, delayMs: 0 };
      expect(periodMs(rhythm)).to.equal(period * 1000);
      expect(registerWithinMs(rhythm)).to.equal(within * 1000);
      const waits = retries.split(" ").map((_, index) => retryMs(index + 1, rhythm) / 1000);
      expect(waits.join(" ")).to.equal(retries);
    });
  }

  it("stays at the longest wait however often it fails", () => {
    expect(retryMs(1e9, { heartbeatMs: 60_000, ttlMs: 180_000, delayMs: 0 })).to.equal(45_000);
  });

  it("jitters by ten per cent", () => {
    expect([0, 0.5, 1].map((random) => jittered(1000, random))).to.deep.equal([900, 1000, 1100]);
  });
});
