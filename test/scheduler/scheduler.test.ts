import { expect } from "chai";

import { HEALTH_ONLY } from "../../filters/index.ts";
import { EMPTY_REQUEST } from "../../src/scheduler/empty-request.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { spreadStrategy } from "../../strategies/spread.ts";
import { candidate, fixtureF1, frame, image, outcome, request, scheduler, SLOTS } from "./builders.ts";

describe("scheduler", () => {
  it("tells its filters in order and its strategy", () => {
    const made = scheduler({ filters: ["constraint", "health"], strategy: "binpacking" });
    expect(made.filterNames).to.deep.equal(["constraint", "health"]);
    expect(made.strategyName).to.equal("binpack");
  });

  it("applies only the filters given, in their order, and lists them so", () => {
    const made = scheduler({ filters: ["constraint", "containerslots", "affinity"] });
    const asked = request({ affinities: ["container==nope"], constraints: ["region==us*"] });
    expect(outcome(made.place(asked, fixtureF1()))).to.equal(
      frame("[region==us*]", SLOTS, "[container==nope (soft=false)]"),
    );
    const portOnly = scheduler({ filters: ["port"] });
    expect(outcome(portOnly.place(asked, fixtureF1()))).to.equal("n3 n1 n2");
  });

  it("does not read expressions of filters that are off", () => {
    const made = scheduler({ filters: ["health"] });
    expect(outcome(made.place(request({ constraints: ["oops"] }), fixtureF1()))).to.equal("n3 n1 n2");
  });

  it("lists soft expressions like hard ones, also once they are given up", () => {
    const asked = request({ affinities: ["container==~x1"], constraints: ["node==~n1", "node==n9"] });
    expect(outcome(scheduler().place(asked, fixtureF1()))).to.equal(
      frame(SLOTS, "[container==x1 (soft=true)]", "[node==n1 node==n9]"),
    );
  });

  it("gives up soft expressions of all filters together (classic)", () => {
    const asked = request({ affinities: ["container==~web"], whitelists: ["node==~n9"] });
    expect(outcome(scheduler().place(asked, fixtureF1()))).to.equal("n3 n1 n2");
  });

  it("gives up those of later lists first (modern)", () => {
    const asked = request({
      affinities: ["container==~web"],
      constraints: ["node==~n9"],
      whitelists: ["node==~n9"],
    });
    expect(outcome(scheduler({ modern: true }).place(asked, fixtureF1()))).to.equal("n1");
  });

  it("refuses in modern rules what no drop can save, with the same text", () => {
    const asked = request({ constraints: ["node==~n1", "node==n9"] });
    expect(outcome(scheduler({ modern: true }).place(asked, fixtureF1()))).to.equal(
      frame(SLOTS, "[node==n1 node==n9]"),
    );
  });

  it("does not try a list it cannot read again", () => {
    const asked = request({ constraints: ["node==~n9", "oops"] });
    expect(outcome(scheduler().place(asked, fixtureF1()))).to.equal(
      frame(SLOTS, "error from constraint filter: One of operator ==, != is expected"),
    );
  });

  it("tells a pattern that is too complex as a syntax error", () => {
    const asked = request({ constraints: [`node!=/${"x".repeat(5_000)}/`] });
    expect(outcome(scheduler().place(asked, fixtureF1()))).to.equal(
      frame(SLOTS, "error from constraint filter: Value is too complex a pattern"),
    );
  });

  it("keeps the candidates given as they were", () => {
    const nodes = fixtureF1();
    const before = [...nodes];
    scheduler({ strategy: "random", random: () => 0.5 }).place(request(), nodes);
    expect(nodes).to.deep.equal(before);
  });
});

describe("scheduler: later attempts", () => {
  it("passes over engines that refused before", () => {
    const asked = request({ excludedEngines: new Set(["ID-n3", "ID-n1"]) });
    expect(outcome(scheduler().place(asked, fixtureF1()))).to.equal("n2");
  });

  it("keeps the user's conditions in the text when none is left", () => {
    const asked = request({
      portBindings: [{ containerPort: "80/tcp", hostIp: "", hostPort: "80" }],
      excludedEngines: new Set(["ID-n1", "ID-n2", "ID-n3"]),
    });
    expect(outcome(scheduler().place(asked, fixtureF1()))).to.equal(frame("[port 80 (Bridge mode)]", SLOTS));
  });

  const digest = `app@sha256:${"d".repeat(64)}`;
  const nodes = [
    candidate({ name: "n1" }),
    candidate({ name: "n2", images: [image("1", ["reg:5000/app:2"], [digest])] }),
  ];
  // prettier-ignore
  const cases: readonly (readonly [title: string, reference: string, held: boolean])[] = [
    ["id",                      `sha256:${"1".repeat(64)}`, true],
    ["id without sha256:",      "1".repeat(64),             true],
    ["short id",                "111111111111",             true],
    ["short id with sha256:",   "sha256:111111111111",      true],
    ["tag",                     "reg:5000/app:2",           true],
    ["repository",              "reg:5000/app",             true],
    ["digest",                  digest,                     true],
    ["other tag",               "reg:5000/app:3",           false],
    ["too short to be an id",   "11111111111",              false],
    ["part of a repository",    "reg:5000",                 false],
    ["nothing",                 "",                         false],
  ];
  for (const [title, reference, held] of cases) {
    it(`wants an engine that holds the image, known by ${title}`, () => {
      const result = outcome(scheduler().place(request({ requiredImages: [reference] }), nodes));
      expect(result).to.equal(held ? "n2" : frame(SLOTS));
    });
  }

  it("is content with one of several images", () => {
    expect(outcome(scheduler().place(request({ requiredImages: ["nope", "reg:5000/app"] }), nodes))).to.equal(
      "n2",
    );
  });

  it("never gives the image up, and asks for it whatever filters are on", () => {
    const made = scheduler({ filters: ["health"], modern: true });
    const asked = request({ requiredImages: ["nope"], constraints: ["node==~n1"] });
    expect(outcome(made.place(asked, nodes))).to.equal(frame());
  });
});

describe("scheduler: any engine (B12)", () => {
  it("finds one though container slots are exhausted", () => {
    const full = candidate({ labels: { containerslots: "0" } });
    const any = new Scheduler({
      filters: HEALTH_ONLY,
      strategy: spreadStrategy,
      rules: { modern: false },
      random: () => 0,
    });
    expect(outcome(any.place(EMPTY_REQUEST, [full]))).to.equal("n1");
    expect(outcome(scheduler().place(EMPTY_REQUEST, [full]))).to.equal(frame(SLOTS));
  });
});

describe("scheduler: hundreds of engines and a thousand expressions", () => {
  it("answers", () => {
    const nodes = Array.from({ length: 200 }, (_, i) => candidate({ name: `node-${i}` }));
    const constraints = Array.from({ length: 1_000 }, (_, i) => `node!=~node-${i % 200}`);
    for (const modern of [false, true]) {
      const result = scheduler({ modern }).place(request({ constraints }), nodes);
      expect(outcome(result).split(" ")).to.have.length(modern ? 1 : 200);
    }
  });
});
