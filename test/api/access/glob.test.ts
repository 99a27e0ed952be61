import { expect } from "chai";
import { globTest } from "../../../src/api/access/glob.ts";

describe("api/access/glob", () => {
  // prettier-ignore
  const cases = [
    { pattern: "alice",   text: "alice",      fits: true },
    { pattern: "alice",   text: "Alice",      fits: false },
    { pattern: "alice",   text: "alice2",     fits: false },
    { pattern: "alice",   text: "xalice",     fits: false },
    { pattern: "ci-*",    text: "ci-1",       fits: true },
    { pattern: "ci-*",    text: "ci-",        fits: true },
    { pattern: "ci-*",    text: "xci-1",      fits: false },
    { pattern: "*.lan",   text: "a.lan",      fits: true },
    { pattern: "*.lan",   text: "a.lan.evil", fits: false },
    { pattern: "*.lan",   text: "axlan",      fits: false },
    { pattern: "*",       text: "",           fits: true },
    { pattern: "a*b*c",   text: "axbxc",      fits: true },
    { pattern: "a*b*c",   text: "acb",        fits: false },
    { pattern: "a*a",     text: "a",          fits: false },
    { pattern: "a*ab*b",  text: "aab",        fits: false },
    { pattern: "**",      text: "anything",   fits: true },
    { pattern: "a.c[1]?", text: "a.c[1]?",    fits: true },
    { pattern: "a.c",     text: "abc",        fits: false },
    { pattern: "(.+)+$",  text: "aaaa",       fits: false },
  ];
  for (const { pattern, text, fits } of cases) {
    it(`${pattern} ${fits ? "fits" : "does not fit"} ${JSON.stringify(text)}`, () => {
      expect(globTest(pattern)(text)).to.equal(fits);
    });
  }
});
