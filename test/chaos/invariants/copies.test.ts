import { expect } from "chai";
import { wrongCopies } from "../../live/chaos/invariants/copies.ts";
import { invisibleCreates, leftovers } from "../../live/chaos/invariants/creates.ts";
import { managerLimits, sickManagers } from "../../live/chaos/invariants/managers.ts";
import { ambiguousNames, doubleBookings, sharedNames } from "../../live/chaos/invariants/names.ts";
import type { Copy } from "../../live/chaos/invariants/observations.ts";
import type { Intent, RunState } from "../../live/chaos/clients/intent.ts";
import { answered, cut, operation } from "../operations.ts";

const copy = (changes: Partial<Copy> = {}): Copy => ({
  engine: "node-1",
  id: "a".repeat(64),
  name: "web",
  running: true,
  status: "Up 3 seconds",
  token: "web#1",
  ...changes,
});

const intent = (states: readonly RunState[], changes: Partial<Intent> = {}): Intent => ({
  token: "web#1",
  policy: true,
  states: new Set(states),
  names: new Set(["web"]),
  acknowledged: true,
  ...changes,
});

describe("chaos/copies", () => {
  const stopped = copy({ running: false });
  // prettier-ignore
  const cases = [
    { it: "admits one running copy",                             of: intent(["running"]),                     there: [copy()],                       says: undefined },
    { it: "misses a lost one",                                   of: intent(["running"]),                     there: [],                             says: "is lost" },
    { it: "finds two copies",                                    of: intent(["running"]),                     there: [copy(), copy()],               says: "has 2 copies, 2 of them running" },
    { it: "finds a second copy that does not run",               of: intent(["running"]),                     there: [copy(), stopped],              says: "has 2 copies, 1 of them running" },
    { it: "finds one that does not run",                         of: intent(["running"]),                     there: [stopped],                      says: "does not run" },
    { it: "admits that one without the policy has ended",        of: intent(["running"], { policy: false }),  there: [stopped],                      says: undefined },
    { it: "finds one that was stopped and runs",                 of: intent(["stopped"]),                     there: [copy()],                       says: "was stopped and runs" },
    { it: "finds one that was removed",                          of: intent(["absent"]),                      there: [stopped],                      says: "was removed and is there" },
    { it: "finds a wrong name",                                  of: intent(["running"]),                     there: [copy({ name: "shop" })],       says: "is called shop" },
    { it: "admits either end of a doubtful operation",           of: intent(["absent", "running"]),           there: [],                             says: undefined },
  ];
  for (const c of cases) {
    it(c.it, () => {
      const says = wrongCopies([c.of], c.there).map(({ what }) => what.replace("web#1 ", ""));
      expect(says).to.deep.equal(c.says === undefined ? [] : [c.says]);
    });
  }
});

describe("chaos/creates", () => {
  it("finds a container that a manager does not list", () => {
    const listings = [
      { manager: "manager-1", tokens: new Set(["web#1"]) },
      { manager: "manager-2", tokens: new Set<string>() },
    ];
    expect(invisibleCreates([intent(["running"])], listings).map(({ what }) => what)).to.deep.equal([
      "web#1 was created and manager-2 does not list it",
    ]);
    expect(invisibleCreates([intent(["running", "absent"])], listings)).to.deep.equal([]);
  });

  it("finds what a refused create left, and forgives a doubtful one", () => {
    expect(leftovers([operation("create", answered(409))], [copy()])).to.have.lengthOf(1);
    expect(leftovers([operation("create", cut)], [copy()])).to.deep.equal([]);
    expect(leftovers([operation("create", answered(409))], [])).to.deep.equal([]);
  });
});

describe("chaos/names", () => {
  it("finds two containers of one name", () => {
    expect(sharedNames([copy(), copy({ engine: "node-2", token: "web#2" })])).to.have.lengthOf(1);
    expect(sharedNames([copy(), copy({ name: "shop" })])).to.deep.equal([]);
  });

  it("finds a name that means something else to a manager", () => {
    const says = (id: string) => ambiguousNames([{ manager: "manager-1", name: "web", id }], [copy()]).length;
    expect([says(copy().id), says("b".repeat(64)), says("")]).to.deep.equal([0, 1, 1]);
  });

  it("finds a name that was given twice at one time", () => {
    const first = [operation("create", answered(201)), operation("remove", answered(204), { beganMs: 100 })];
    const second = (beganMs: number) => [operation("create", answered(201), { token: "web#2", beganMs })];
    const both = (beganMs: number) =>
      [
        ["web#1", first],
        ["web#2", second(beganMs)],
      ] as const;
    const found = (beganMs: number) => doubleBookings(new Map(both(beganMs))).length;
    expect([found(50), found(200)]).to.deep.equal([1, 0]);
    expect(doubleBookings(new Map([...both(200)].reverse()))).to.deep.equal([]);
  });
});

describe("chaos/managers", () => {
  const well = {
    name: "manager-1",
    answers: true,
    memoryBytes: 1e8,
    openFiles: 50,
    log: ["engine came back"],
  };
  // prettier-ignore
  const cases = [
    { it: "admits a healthy one",         of: well,                                                                   says: [] },
    { it: "finds a silent one",           of: { ...well, answers: false },                                            says: ["does not answer"] },
    { it: "finds a fat one",              of: { ...well, memoryBytes: managerLimits.memoryBytes + 1e6 },              says: ["uses 401 MB"] },
    { it: "finds one with many files",    of: { ...well, openFiles: 1000 },                                           says: ["has 1000 files open"] },
    { it: "finds an error of a program",  of: { ...well, log: ["TypeError: x is not a function"] },                   says: ["logged an error of the program"] },
  ];
  for (const c of cases) {
    it(c.it, () =>
      expect(sickManagers([c.of]).map(({ what }) => what.replace("manager-1 ", ""))).to.deep.equal(c.says),
    );
  }
});
