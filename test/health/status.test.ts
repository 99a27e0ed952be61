import { expect } from "chai";
import { judgeStatus } from "../../src/health/status.ts";

const now = Date.parse("2026-11-21T06:04:33.000Z");
const good = { command: "join", healthy: true, detail: "fine", at: "2026-11-21T06:04:33.000Z", pid: 1 };

describe("health/status", () => {
  // prettier-ignore
  const cases = [
    { it: "believes a fresh good status",        change: {},                                     healthy: true,  detail: "join: fine" },
    { it: "believes a fresh bad status",         change: { healthy: false, detail: "bad" },      healthy: false, detail: "join: bad" },
    { it: "believes it for almost half a minute", change: { at: "2026-11-21T06:04:03.001Z" },    healthy: true,  detail: "join: fine" },
    { it: "disbelieves it after half a minute",  change: { at: "2026-11-21T06:04:03.000Z" },     healthy: false, detail: "join: no sign of life since 2026-11-21T06:04:03.000Z, the last was: fine" },
    { it: "disbelieves one of the far future",   change: { at: "2026-11-21T06:05:03.000Z" },     healthy: false, detail: "join: no sign of life since 2026-11-21T06:05:03.000Z, the last was: fine" },
    { it: "keeps control characters to itself",  change: { detail: "a\nb\u001b[31m" },           healthy: true,  detail: "join: a b [31m" },
    { it: "refuses a number for healthy",        change: { healthy: 1 },                         healthy: false, detail: "the status file holds no status" },
    { it: "refuses a time that is none",         change: { at: "yesterday" },                    healthy: false, detail: "the status file holds no status" },
    { it: "refuses a status without a detail",   change: { detail: undefined },                  healthy: false, detail: "the status file holds no status" },
    { it: "refuses a status without a pid",      change: { pid: "1" },                           healthy: false, detail: "the status file holds no status" },
  ];
  for (const c of cases) {
    it(c.it, () => {
      const { healthy, detail } = c;
      expect(judgeStatus(JSON.stringify({ ...good, ...c.change }), now)).to.deep.equal({ healthy, detail });
    });
  }

  for (const text of ["", "{", "null", "[]", '"x"', "7"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(judgeStatus(text, now)).to.deep.equal({
        healthy: false,
        detail: "the status file holds no status",
      });
    });
  }

  it("shows only the beginning of a very long detail", () => {
    const { detail } = judgeStatus(JSON.stringify({ ...good, detail: "x".repeat(5000) }), now);
    expect(detail).to.have.length("join: ".length + 1000);
  });
});
