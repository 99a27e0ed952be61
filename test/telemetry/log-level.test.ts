import { expect } from "chai";
import { parseLogLevel } from "../../src/telemetry/log-level.ts";

describe("telemetry/log-level", () => {
  // prettier-ignore
  const levels = [
    { text: "debug", is: "debug" }, { text: "info",  is: "info" },  { text: "warn",  is: "warn" },  { text: "warning", is: "warn" },
    { text: "error", is: "error" }, { text: "fatal", is: "fatal" }, { text: "panic", is: "fatal" }, { text: "DEBUG",   is: "debug" },
  ];
  for (const c of levels) {
    it(`reads the level ${c.text}`, () => {
      expect(parseLogLevel(c.text)).to.equal(c.is);
    });
  }

  for (const text of ["bogus", "", "trace", "toString"]) {
    it(`refuses the level ${JSON.stringify(text)}`, () => {
      expect(() => parseLogLevel(text)).to.throw(`not a valid logrus Level: ${JSON.stringify(text)}`);
    });
  }
});
