import { expect } from "chai";
import { parseAddress } from "../../discovery/address.ts";
import { nextGuard, nothingListed } from "../../src/membership/entry-guard.ts";

const entries = (names: string) =>
  names === "-" ? [] : names.split("").map((name) => parseAddress(`${name}:1`));
const names = (list: readonly { readonly host: string }[]) => list.map(({ host }) => host).join("") || "-";

/**
 * Steps separated by bars: `abc` the source lists a, b and c (`-`: nothing), `!` it fails, `?` a review, `+60` so many seconds later, `~b` the
 * engine of b stops answering. The answer is what is in the cluster after each, held ones in brackets, those in their grace in square ones. Doubt
 * lasts 180 s, a burst 60 s.
 */
function play(steps: string, { isKeptAlive = true, graceMs = 0 } = {}): string {
  let nowMs = 1000;
  let state = nothingListed;
  const dead = new Set<string>();
  const said: string[] = [];
  for (const step of steps.split("|").map((text) => text.trim())) {
    if (step.startsWith("+")) {
      nowMs += Number(step.slice(1)) * 1000;
      continue;
    }
    if (step.startsWith("~")) {
      for (const name of step.slice(1)) dead.add(name);
      continue;
    }
    const event =
      step === "!"
        ? ({ kind: "failed" } as const)
        : step === "?"
          ? ({ kind: "reviewed" } as const)
          : ({ kind: "listed", entries: entries(step) } as const);
    const rules = { isKeptAlive, holdMs: 180_000, graceMs, burstMs: 60_000 };
    state = nextGuard(state, event, rules, { nowMs, isAlive: ({ host }) => !dead.has(host) });
    const of = (wanted: boolean) =>
      state.held.filter(({ isGrace }) => isGrace === wanted).map(({ entry }) => entry);
    const [held, inGrace] = [of(false), of(true)];
    const listed = state.entries.filter((entry) => !held.includes(entry) && !inGrace.includes(entry));
    said.push(
      names(listed) +
        (held.length > 0 ? `(${names(held)})` : "") +
        (inGrace.length > 0 ? `[${names(inGrace)}]` : ""),
    );
  }
  return said.join(" | ");
}

describe("membership/entry-guard", () => {
  // prettier-ignore
  const cases = [
    { it: "takes the first set as it is, empty or not",                    steps: "- | ab",                              is: "- | ab" },
    { it: "lets one of three go at once",                                  steps: "abc | ab",                            is: "abc | ab" },
    { it: "lets one of two go at once, although that is half",             steps: "ab | a",                              is: "ab | a" },
    { it: "lets two of three go at once: fewer than three are no loss",    steps: "abc | a",                             is: "abc | a" },
    { it: "keeps the source's order",                                      steps: "ab | cba",                            is: "ab | cba" },

    { it: "keeps everything while the source fails",                       steps: "abc | ! | +600 | ! | ?",              is: "abc | abc | abc | abc" },
    { it: "keeps everything while the source fails, dead or alive",        steps: "abc | ! | ~a | ?",                    is: "abc | abc | abc" },
    { it: "holds who is missing after a failure",                          steps: "abcde | ! | abcd",                    is: "abcde | abcde | abcd(e)" },
    { it: "holds all of them when the source comes back empty",            steps: "abc | ! | -",                         is: "abc | abc | -(abc)" },
    { it: "does not hold who is missing and does not answer",              steps: "abc | ! | ~bc | a",                   is: "abc | abc | a" },
    { it: "takes a held one back when it registers again",                 steps: "abc | ! | - | b | cb",                is: "abc | abc | -(abc) | b(ac) | cb(a)" },
    { it: "believes again in whom it took back",                           steps: "abcd | ! | abc | abcd | +180 | abc",  is: "abcd | abcd | abc(d) | abcd | abc" },
    { it: "lets a held one go as soon as its engine does not answer",      steps: "abc | ! | ab | ~c | ?",               is: "abc | abc | ab(c) | ab" },
    { it: "lets it go in a failure as well",                               steps: "abc | ! | ab | ! | ~c | ?",           is: "abc | abc | ab(c) | ab(c) | ab" },
    { it: "holds for 180 s and not longer",                                steps: "abc | ! | ab | +179 | ? | +1 | ?",    is: "abc | abc | ab(c) | ab(c) | ab" },
    { it: "counts from the end of the failure",                            steps: "abc | ! | +999 | ab | +179 | ?",      is: "abc | abc | ab(c) | ab(c)" },
    { it: "ends the hold with a set as well as with a review",             steps: "abc | ! | ab | +180 | abd",           is: "abc | abc | ab(c) | abd" },
    { it: "holds on through a second failure, which does not count",       steps: "abc | ! | ab | +170 | ! | +99 | ? | ab | +9 | ? | +1 | ?", is: "abc | abc | ab(c) | ab(c) | ab(c) | ab(c) | ab(c) | ab" },
    { it: "does not hold for ever when the source fails now and then",     steps: "abc | ! | ab | +90 | ! | ab | +89 | ! | ab | +1 | ?",  is: "abc | abc | ab(c) | ab(c) | ab(c) | ab(c) | ab(c) | ab" },
    { it: "does not hold for ever when another entry comes and goes",      steps: "a | - | +90 | b | ~b | - | +89 | c | ~c | - | +1 | ?", is: "a | -(a) | b(a) | -(a) | c(a) | -(a) | -" },
    { it: "lets a held one go by a set, also in doubt of others",          steps: "a | - | +90 | ! | b | +90 | b",                    is: "a | -(a) | -(a) | b(a) | b" },
    { it: "holds one anew that was listed meanwhile",                      steps: "ab | - | +90 | ab | - | +90 | ? | +89 | ? | +1 | ?", is: "ab | -(ab) | ab | -(ab) | -(ab) | -(ab) | -" },
    { it: "holds late expiries too, until the same moment",                steps: "abc | ! | abc | +100 | ab | +79 | ? | +1 | ?", is: "abc | abc | abc | ab(c) | ab(c) | ab" },
    { it: "believes a removal 180 s after a failure",                      steps: "abc | ! | abc | +180 | ab",           is: "abc | abc | abc | ab" },

    { it: "doubts the loss of all without a failure",                      steps: "ab | -",                              is: "ab | -(ab)" },
    { it: "doubts the loss of the only one",                               steps: "a | -",                               is: "a | -(a)" },
    { it: "does not doubt it when the engine does not answer",             steps: "a | ~a | -",                          is: "a | -" },
    { it: "doubts the loss of three of five",                              steps: "abcde | ab",                          is: "abcde | ab(cde)" },
    { it: "believes the loss of three of six",                             steps: "abcdef | abc",                        is: "abcdef | abc" },
    { it: "doubts it as well when all are replaced by others",             steps: "abc | xyz",                           is: "abc | xyz(abc)" },
    { it: "adds up what goes within a minute",                             steps: "abcdef | abcde | +9 | abcd | +9 | abc | +9 | ab", is: "abcdef | abcde | abcd | abc | ab(c)" },
    { it: "does not add up what goes in more than a minute",               steps: "abcdef | abcde | +60 | abcd | +60 | abc | +60 | ab", is: "abcdef | abcde | abcd | abc | ab" },
    { it: "does not count who came back",                                  steps: "abcd | abc | abcd | acd | abcd | acb | abcd | bcd", is: "abcd | abc | abcd | acd | abcd | acb | abcd | bcd" },
    { it: "does not count held ones among those listed",                   steps: "abcde | ab | +100 | - | +100 | ?",     is: "abcde | ab(cde) | -(abcde) | -(ab)" },
    { it: "does not count held ones again",                                steps: "abcde | ab | +10 | ab | +169 | ? | +1 | ?", is: "abcde | ab(cde) | ab(cde) | ab(cde) | ab" },
  ];
  for (const c of cases) {
    it(c.it, () => expect(play(c.steps)).to.equal(c.is));
  }

  // prettier-ignore
  const withGrace = [
    { it: "lets one go three seconds after its entry",                     steps: "abc | ab | +2 | ? | +1 | ?",          is: "abc | ab[c] | ab[c] | ab" },
    { it: "lets it go with a set as well",                                 steps: "abc | ab | +3 | abd",                 is: "abc | ab[c] | abd" },
    { it: "lets it go at once when its engine does not answer",            steps: "abc | ~c | ab",                       is: "abc | ab" },
    { it: "lets it go when its engine stops answering meanwhile",          steps: "abc | ab | ~c | ?",                   is: "abc | ab[c] | ab" },
    { it: "never lets one go whose entry is back in time",                 steps: "abc | ab | +2 | abc | +9 | ?",        is: "abc | ab[c] | abc | abc" },
    { it: "grants it anew, each time",                                     steps: "abc | ab | +2 | abc | ab | +2 | ?",   is: "abc | ab[c] | abc | ab[c] | ab[c]" },
    { it: "does not begin it again with a set that lacks it still",        steps: "abcd | abc | +2 | abce | +1 | ?",     is: "abcd | abc[d] | abce[d] | abce" },
    { it: "turns it into doubt when the source fails meanwhile",           steps: "abc | ab | ! | ab | +9 | ?",          is: "abc | ab[c] | ab[c] | ab(c) | ab(c)" },
    { it: "turns it into doubt when most are gone",                        steps: "abcde | abcd | +1 | abc | +1 | ab | +9 | ?", is: "abcde | abcd[e] | abc[de] | ab(cde) | ab(cde)" },
    { it: "adds up those whose grace is over",                             steps: "abcde | abcd | +9 | ? | abc | +9 | ? | ab", is: "abcde | abcd[e] | abcd | abc[d] | abc | ab(c)" },
  ];
  for (const c of withGrace) {
    it(c.it, () => expect(play(c.steps, { graceMs: 3000 })).to.equal(c.is));
  }

  it("believes people whatever they write, also after a failure", () => {
    expect(play("abcde | ab | ! | - | a", { isKeptAlive: false, graceMs: 3000 })).to.equal(
      "abcde | ab | ab | - | a",
    );
  });

  it("answers with the same state when a review changes nothing", () => {
    const rules = { isKeptAlive: true, holdMs: 1, graceMs: 1, burstMs: 1 };
    const now = { nowMs: 1, isAlive: () => true };
    const state = nextGuard(nothingListed, { kind: "listed", entries: entries("ab") }, rules, now);
    expect(nextGuard(state, { kind: "reviewed" }, rules, now)).to.equal(state);
  });
});
