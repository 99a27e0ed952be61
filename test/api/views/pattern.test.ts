import { expect } from "chai";
import { exactOrRegex, pathGlob } from "../../../src/api/views/pattern.ts";

describe("api/views/pattern", () => {
  // prettier-ignore
  const patterns = [
    { pattern: "web",           text: "web",       matches: true,  why: "equal" },
    { pattern: "we",            text: "web",       matches: true,  why: "found anywhere" },
    { pattern: "^we$",          text: "web",       matches: false, why: "anchored" },
    { pattern: "w.b",           text: "web",       matches: true,  why: "a pattern" },
    { pattern: "(?i)WEB",       text: "web",       matches: true,  why: "Go's flags" },
    { pattern: "[[:alpha:]]",   text: "7",         matches: false, why: "POSIX classes" },
    { pattern: "a(b",           text: "a(b",       matches: true,  why: "malformed, but equal" },
    { pattern: "a(b",           text: "xa(b",      matches: false, why: "malformed" },
    { pattern: "(?=w)web",      text: "web",       matches: false, why: "not in Go's syntax" },
    { pattern: ".".repeat(1_001), text: "x".repeat(1_001), matches: false, why: "too long to be tried" },
    { pattern: "(a{500}){2}.*".repeat(12), text: "a".repeat(20_000), matches: false, why: "too large to be tried" },
    { pattern: "(a*)*b",        text: "a".repeat(5_000), matches: false, why: "linear time" },
  ];
  for (const { pattern, text, matches, why } of patterns) {
    it(`${matches ? "finds" : "does not find"} ${pattern.slice(0, 20)} in ${text.slice(0, 10)} (${why})`, () => {
      expect(exactOrRegex(pattern)(text)).to.equal(matches);
    });
  }

  // prettier-ignore
  const globs = [
    { pattern: "busybox",     text: "busybox",      matches: true },
    { pattern: "busy*",       text: "busybox:1",    matches: true },
    { pattern: "*",           text: "a/b",          matches: false },
    { pattern: "*/*",         text: "a/b",          matches: true },
    { pattern: "b?sybox",     text: "busybox",      matches: true },
    { pattern: "a?b",         text: "a/b",          matches: false },
    { pattern: "b[a-z]b",     text: "bob",          matches: true },
    { pattern: "b[^o]b",      text: "bob",          matches: false },
    { pattern: String.raw`b\*b`, text: "b*b",       matches: true },
    { pattern: String.raw`b\*b`, text: "bob",       matches: false },
    { pattern: "b.b*",        text: "bob",          matches: false },
    { pattern: "*a".repeat(100), text: "a".repeat(300), matches: true },
  ];
  for (const { pattern, text, matches } of globs) {
    it(`${matches ? "matches" : "does not match"} ${text.slice(0, 10)} with the glob ${pattern.slice(0, 10)}`, () => {
      expect(pathGlob(pattern)?.(text)).to.equal(matches);
    });
  }
  for (const pattern of ["a[b", "a\\", "[z-a]"]) {
    it(`takes ${pattern} for malformed`, () => expect(pathGlob(pattern)).to.equal(undefined));
  }
});
