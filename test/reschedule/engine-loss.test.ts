import { expect } from "chai";
import { engineFate, type Evidence, type Look, type Seen } from "../../src/reschedule/engine-loss.ts";

const place = { engineId: "ID-1", addr: "n1:2375" };
const at = (parts: Partial<Seen> = {}): Seen => ({
  addr: "n1:2375",
  engineId: "ID-1",
  state: "Healthy",
  error: "",
  ...parts,
});
const silent: Look = { kind: "silent", why: "refused" };
const answers = (engineId = "ID-1"): Look => ({ kind: "answers", engineId });
const refuses: Look = { kind: "refuses", why: "bad certificate" };

/** An engine that went away at 1,000 and was looked at three times since 2,000; it is 10,000 now. */
function fate(seen: readonly Seen[], look?: Look, parts: Partial<Evidence> = {}): string {
  const verdict = engineFate(place, {
    namesakes: seen.filter(({ engineId }) => engineId === "ID-1"),
    atAddress: seen.find(({ addr }) => addr === "n1:2375"),
    looks: look && { last: look, silent: look.kind === "silent" ? 3 : 0, silentSinceMs: 2_000 },
    awaySinceMs: 1_000,
    wasLost: false,
    removedMs: undefined,
    looksNeeded: 3,
    settleMs: 5_000,
    nowMs: 10_000,
    ...parts,
  });
  return verdict.kind === "alive" ? "alive" : `${verdict.kind}: ${verdict.why}`;
}

describe("reschedule/engine-loss", () => {
  const pending = at({ state: "Pending", engineId: "", error: "no route" });
  const unhealthy = at({ state: "Unhealthy", error: "timed out" });
  const stranger = at({ engineId: "ID-9" });
  const elsewhere = at({ addr: "n5:2375" });
  // prettier-ignore
  const cases: readonly { it: string; seen: readonly Seen[]; look?: Look; parts?: Partial<Evidence>; says: string }[] = [
    { it: "a healthy engine is alive",                              seen: [at()],                                       says: "alive" },
    { it: "so is one that answers at another address",              seen: [elsewhere],                                  says: "alive" },
    { it: "so is one that took its old address' place",             seen: [at({ state: "Pending" }), elsewhere],        says: "alive" },
    { it: "a flagged engine is lost, without another look",         seen: [unhealthy],                                  says: "lost: timed out" },
    { it: "a clone elsewhere does not bring it back",               seen: [unhealthy, elsewhere],                       says: "lost: timed out" },
    { it: "one that moved and was flagged there is lost",           seen: [at({ addr: "n5:2375", state: "Unhealthy", error: "gone" })], says: "lost: gone" },
    { it: "one that moved and cannot be used is left alone",        seen: [at({ addr: "n5:2375", state: "Pending", error: "ID duplicated" })], says: "held: it answers at n5:2375 but cannot be used: ID duplicated" },
    { it: "another engine at its address means it is lost",         seen: [stranger],                                   says: "lost: another engine is at n1:2375 now: ID-9" },
    { it: "a pending address is given its chance",                  seen: [pending],                                    says: "unknown: it is being connected to" },
    { it: "a pending address that stays silent is lost",            seen: [pending], look: silent,                      says: "lost: refused" },
    { it: "two silent looks are not enough",                        seen: [pending], look: silent, parts: { looks: { last: silent, silent: 2, silentSinceMs: 0 } }, says: "unknown: it does not answer: refused" },
    { it: "nor is a short silence",                                 seen: [pending], look: silent, parts: { nowMs: 6_999 }, says: "unknown: it does not answer: refused" },
    { it: "one look is enough for what was lost before",            seen: [pending], look: silent, parts: { wasLost: true, nowMs: 2_001 }, says: "lost: refused" },
    { it: "a pending address that answers is being connected to",   seen: [at({ state: "Pending", engineId: "" })], look: answers(), says: "unknown: it is being connected to" },
    { it: "one that answers and was refused is left alone",         seen: [pending], look: answers(),                   says: "held: it answers, but cannot be used: no route" },
    { it: "so is one that does not take our certificate",           seen: [pending], look: refuses,                     says: "held: it answers, but not to us: bad certificate" },
    { it: "one that left discovery is looked at first",             seen: [],                                           says: "unknown: it is not in discovery any more" },
    { it: "one that was lost when it left discovery stays lost",    seen: [], parts: { wasLost: true },                 says: "lost: it is not in discovery any more" },
    { it: "one that left discovery and is silent is lost",          seen: [], look: silent,                             says: "lost: refused" },
    { it: "one that left discovery and answers is left alone",      seen: [], look: answers(),                          says: "held: it is not in discovery any more, but answers" },
    { it: "even if it was lost before",                             seen: [], look: answers(), parts: { wasLost: true }, says: "held: it is not in discovery any more, but answers" },
    { it: "until its time is up, where there is one",               seen: [], look: answers(), parts: { removedMs: 9_000 }, says: "lost: it is not in discovery any more, but answers" },
    { it: "and not before",                                         seen: [], look: answers(), parts: { removedMs: 9_001 }, says: "held: it is not in discovery any more, but answers" },
    { it: "another engine at an address that left means it is lost", seen: [], look: answers("ID-9"),                   says: "lost: another engine is at n1:2375 now: ID-9" },
  ];
  for (const c of cases) it(c.it, () => expect(fate(c.seen, c.look, c.parts)).to.equal(c.says));
});
