import { expect } from "chai";
import { parseEventPeriod } from "../../src/events/event-query.ts";

describe("events/event-query", () => {
  // prettier-ignore
  const cases = [
    { text: undefined,                until: undefined,                since: undefined },
    { text: "",                       until: undefined,                since: undefined },
    { text: "0",                      until: undefined,                since: 0n },
    { text: "-5",                     until: undefined,                since: undefined },
    { text: "-0.5",                   until: undefined,                since: undefined },
    { text: "1600000000",             until: 1600000000000000000n,     since: 1600000000000000000n },
    { text: "1600000000.5",           until: 1600000000500000000n,     since: 1600000000500000000n },
    { text: "1600000000.000000001",   until: 1600000000000000001n,     since: 1600000000000000001n },
  ];
  for (const { text, ...is } of cases) {
    it(`reads ${text === undefined ? "nothing" : `"${text}"`}`, () => {
      expect(parseEventPeriod(text, text)).to.deep.equal({ sinceNano: is.since, untilNano: is.until });
    });
  }

  // prettier-ignore
  const refused = [
    { text: "x",                        says: 'strconv.ParseInt: parsing "x": invalid syntax' },
    { text: "2026-11-21T12:00:00Z",     says: 'strconv.ParseInt: parsing "2026-11-21T12:00:00Z": invalid syntax' },
    { text: "1.2.3",                    says: 'strconv.ParseInt: parsing "1.2.3": invalid syntax' },
    { text: "1.",                       says: 'strconv.ParseInt: parsing "1.": invalid syntax' },
    { text: " 1",                       says: 'strconv.ParseInt: parsing " 1": invalid syntax' },
    { text: "9223372036854775808",      says: 'strconv.ParseInt: parsing "9223372036854775808": value out of range' },
    { text: "9".repeat(5_000),          says: `strconv.ParseInt: parsing "${"9".repeat(5_000)}": value out of range` },
  ];
  for (const { text, says } of refused) {
    it(`refuses "${text.slice(0, 30)}" for both ends`, () => {
      for (const [since, until] of [
        [text, undefined],
        [undefined, text],
      ]) {
        expect(() => parseEventPeriod(since, until))
          .to.throw(says)
          .with.property("status", 400);
      }
    });
  }
});
