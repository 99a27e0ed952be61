import { expect } from "chai";
import { goDuration } from "../../src/telemetry/go-duration.ts";

describe("telemetry/go-duration", () => {
  // prettier-ignore
  const cases = [
    { ms: 0,                text: "0s" },
    { ms: 0.0001,           text: "0s" },
    { ms: 0.25,             text: "250µs" },
    { ms: 1,                text: "1ms" },
    { ms: 250.5,            text: "250.5ms" },
    { ms: 1000,             text: "1s" },
    { ms: 1500,             text: "1.5s" },
    { ms: 1234.5678,        text: "1.234568s" },
    { ms: 60_000,           text: "1m0s" },
    { ms: 90_500,           text: "1m30.5s" },
    { ms: 59_999.9999,      text: "1m0s" },
    { ms: 3_600_000,        text: "1h0m0s" },
    { ms: 100 * 3_600_000,  text: "100h0m0s" },
    { ms: -1500,            text: "-1.5s" },
  ];
  for (const { ms, text } of cases) {
    it(`writes ${ms} ms as ${text}`, () => {
      expect(goDuration(ms)).to.equal(text);
    });
  }
});
