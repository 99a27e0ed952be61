import { expect } from "chai";
import { parseDuration } from "../../src/cli/duration.ts";

describe("cli/duration", () => {
  // prettier-ignore
  const good = [
    { text: "0",        ms: 0 },
    { text: "+0",       ms: 0 },
    { text: "0s",       ms: 0 },
    { text: "60s",      ms: 60_000 },
    { text: "1m30s",    ms: 90_000 },
    { text: "1.5h",     ms: 5_400_000 },
    { text: ".5s",      ms: 500 },
    { text: "1.s",      ms: 1000 },
    { text: "300ms",    ms: 300 },
    { text: "1500us",   ms: 1.5 },
    { text: "1500µs",   ms: 1.5 },
    { text: "2000ns",   ms: 0.002 },
    { text: "-2s",      ms: -2000 },
    { text: "+2s",      ms: 2000 },
    { text: "1h1m1s1ms", ms: 3_661_001 },
  ];
  for (const c of good) {
    it(`reads ${c.text}`, () => {
      expect(parseDuration(c.text)).to.equal(c.ms);
    });
  }

  // prettier-ignore
  const bad = [
    { text: "",          error: 'time: invalid duration ""' },
    { text: "abc",       error: 'time: invalid duration "abc"' },
    { text: "-",         error: 'time: invalid duration "-"' },
    { text: ".s",        error: 'time: invalid duration ".s"' },
    { text: "1s-",       error: 'time: unknown unit "s-" in duration "1s-"' },
    { text: "60",        error: 'time: missing unit in duration "60"' },
    { text: "1m30",      error: 'time: missing unit in duration "1m30"' },
    { text: "5x",        error: 'time: unknown unit "x" in duration "5x"' },
    { text: "5toString", error: 'time: unknown unit "toString" in duration "5toString"' },
    { text: "1d",        error: 'time: unknown unit "d" in duration "1d"' },
    { text: "9999999h",  error: 'time: invalid duration "9999999h"' },
  ];
  for (const c of bad) {
    it(`refuses ${JSON.stringify(c.text)}`, () => {
      expect(() => parseDuration(c.text))
        .to.throw()
        .with.property("message", c.error);
    });
  }
});
