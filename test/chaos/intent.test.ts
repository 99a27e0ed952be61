import { expect } from "chai";
import { fateOf } from "../live/chaos/clients/history.ts";
import type { Operation } from "../live/chaos/clients/history.ts";
import { intentOf, lateEffects } from "../live/chaos/clients/intent.ts";
import { answered, cut, operation, unsent } from "./operations.ts";

describe("chaos/history", () => {
  // prettier-ignore
  const cases = [
    { it: "an answer of success is done",                        of: operation("create", answered(201)),                                  fate: "done" },
    { it: "what was so already is done",                         of: operation("start", answered(304)),                                   fate: "done" },
    { it: "a conflict is refused",                               of: operation("create", answered(409)),                                  fate: "refused" },
    { it: "a create that found no node is refused",              of: operation("create", answered(500, "no resources available")),        fate: "refused" },
    { it: "a create whose engine was lost is unknown",           of: operation("create", answered(500, "node-1: socket hang up")),        fate: "unknown" },
    { it: "a create without a primary is unknown",               of: operation("create", answered(503, "try again")),                     fate: "unknown" },
    { it: "any error of the server after a start is unknown",    of: operation("start", answered(500, "no resources available")),         fate: "unknown" },
    { it: "a cut connection is unknown",                         of: operation("stop", cut),                                              fate: "unknown" },
    { it: "a refused connection is refused",                     of: operation("stop", unsent),                                           fate: "refused" },
  ];
  for (const c of cases) it(c.it, () => expect(fateOf(c.of)).to.equal(c.fate));

  it("what has no answer yet is unknown", () => {
    const { end: _, ...open } = operation("create");
    expect(fateOf(open)).to.equal("unknown");
  });
});

describe("chaos/intent", () => {
  const states = (...operations: readonly Operation[]) =>
    [...(intentOf(operations)?.states ?? [])].sort().join(" ");

  // prettier-ignore
  const cases = [
    { it: "a created container is stopped",               after: [operation("create", answered(201))],                                             is: "stopped" },
    { it: "a started one runs",                           after: [operation("create", answered(201)), operation("start")],                         is: "running" },
    { it: "a run one runs",                               after: [operation("run", answered(201))],                                                is: "running" },
    { it: "a removed one is gone",                        after: [operation("run", answered(201)), operation("remove")],                           is: "absent" },
    { it: "a refused create leaves nothing",              after: [operation("create", answered(409))],                                             is: "absent" },
    { it: "a cut create may have worked",                 after: [operation("create", cut)],                                                       is: "absent stopped" },
    { it: "a cut run may have got anywhere",              after: [operation("run", cut)],                                                          is: "absent running stopped" },
    { it: "a cut stop may have worked",                   after: [operation("run", answered(201)), operation("stop", cut)],                        is: "running stopped" },
    { it: "the same again makes a cut stop certain",      after: [operation("run", answered(201)), operation("stop", cut), operation("stop")],     is: "stopped" },
    { it: "a refused stop changes nothing",               after: [operation("run", answered(201)), operation("stop", unsent)],                     is: "running" },
  ];
  for (const c of cases) it(c.it, () => expect(states(...c.after)).to.equal(c.is));

  it("knows both names after a cut rename, one after an answered one", () => {
    const made = operation("create", answered(201));
    const names = (outcome: typeof cut) =>
      [...intentOf([made, operation("rename", outcome, { newName: "shop" })])!.names].join(" ");
    expect(names(cut)).to.equal("web shop");
    expect(names(answered(204))).to.equal("shop");
  });

  it("is acknowledged once a create was answered", () => {
    expect(intentOf([operation("create", cut)])!.acknowledged).to.equal(false);
    expect(intentOf([operation("create", answered(201))])!.acknowledged).to.equal(true);
  });

  it("goes on from what was found when all was quiet", () => {
    const first = [operation("create", answered(201)), operation("start", cut)];
    const found = { ...intentOf(first)!, states: new Set(["running"] as const) };
    const later = [...first, operation("stop", cut, { beganMs: 100 })];
    const intent = intentOf(later, { intent: found, fromMs: 50, late: lateEffects([], 0) });
    expect([...intent!.states].sort()).to.deep.equal(["running", "stopped"]);
  });

  describe("of what was cut shortly before all was quiet", () => {
    const operations = [
      operation("create", answered(201)),
      operation("remove", cut),
      operation("rename", cut, { newName: "shop" }),
    ];
    const found = {
      ...intentOf(operations)!,
      states: new Set(["running"] as const),
      names: new Set(["web"]),
    };
    const begun = { beganMs: 100 };
    const settled = (afterMs: number) =>
      intentOf([...operations, operation("stop", answered(204), begun)], {
        intent: found,
        fromMs: 50,
        late: lateEffects(operations, afterMs),
      })!;

    it("expects that it may come yet, even after later answers", () => {
      expect([...settled(5).states].sort()).to.deep.equal(["absent", "stopped"]);
      expect([...settled(5).names].sort()).to.deep.equal(["shop", "web"]);
    });
    it("expects nothing of it when it is long ago", () => {
      expect([...settled(11).states]).to.deep.equal(["stopped"]);
      expect([...settled(11).names]).to.deep.equal(["web"]);
    });
  });
});
