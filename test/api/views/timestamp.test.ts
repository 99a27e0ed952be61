import { expect } from "chai";
import {
  parseMoment,
  parseTimestamp,
  secondsTimestamp,
  sortableTimestamp,
} from "../../../src/api/views/timestamp.ts";
import { now } from "./builders.ts";

describe("api/views/timestamp", () => {
  it("reads nanoseconds to the millisecond, and never as undefined", () => {
    expect(parseTimestamp("2026-11-21T12:00:00.123456789Z")).to.equal(now + 123);
    expect(parseTimestamp("2026-11-21T14:00:00+02:00")).to.equal(now);
    expect(parseTimestamp("0001-01-01T00:00:00Z")).to.equal(undefined);
    expect(parseTimestamp("")).to.equal(undefined);
    expect(parseTimestamp("soon")).to.equal(undefined);
  });

  // prettier-ignore
  const ascending = [
    ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000000001Z"],
    ["2026-11-21T12:00:00.5Z", "2026-11-21T12:00:00.50001Z"],
    ["2026-11-21T12:00:00.123456788Z", "2026-11-21T12:00:00.123456789Z"],
    ["2026-11-21T14:00:00+02:00", "2026-11-21T12:00:00.5Z"],
  ] as const;
  for (const [earlier, later] of ascending) {
    it(`sorts ${earlier} before ${later}`, () => {
      expect(sortableTimestamp(earlier, 0) < sortableTimestamp(later, 0)).to.equal(true);
    });
  }

  it("evens out the engine's clock and keeps the nanoseconds", () => {
    expect(sortableTimestamp("2026-11-21T12:00:00.123456789Z", 60_000)).to.equal(
      "2026-11-21T12:01:00.123456789",
    );
  });

  it("writes whole seconds in UTC", () => {
    expect(secondsTimestamp(now + 999)).to.equal("2026-11-21T12:00:00Z");
  });

  // prettier-ignore
  const moments = [
    { text: "1700000000",           is: 1_700_000_000_000 },
    { text: "1700000000.5",         is: 1_700_000_000_500 },
    { text: "10m",                  is: now - 600_000 },
    { text: "1h30m",                is: now - 5_400_000 },
    { text: "1.5s",                 is: now - 1_500 },
    { text: "2026-11-21T12:00:00Z", is: now },
    { text: "2026-11-21",           is: Date.UTC(2026, 10, 21) },
    { text: "yesterday",            is: undefined },
    { text: "",                     is: undefined },
  ];
  for (const { text, is } of moments) {
    it(`takes "${text}" for ${is ?? "no moment"}`, () => expect(parseMoment(text, now)).to.equal(is));
  }
});
