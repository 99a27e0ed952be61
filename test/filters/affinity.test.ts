import { expect } from "chai";

import {
  candidate,
  container,
  fixtureF1,
  frame,
  image,
  outcome,
  request,
  scheduler,
  SLOTS,
} from "../scheduler/builders.ts";
import type { FakeCandidate } from "../scheduler/builders.ts";

const place = (affinities: string[], constraints: string[] = [], modern = false): string =>
  outcome(scheduler({ modern }).place(request({ affinities, constraints }), fixtureF1()));

describe("filters/affinity: the table of scheduling.md §10.2", () => {
  // prettier-ignore
  const cases: readonly (readonly [id: string, affinities: string[], constraints: string[], result: string])[] = [
    ["A01", ["container==web"], [], "n1"],
    ["A02", ["container==/web"], [], frame(SLOTS, "[container==/web (soft=false)]")],
    ["A03", ["container==aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], [], "n1"],
    ["A04", ["container==aaaaaaaaaaaa"], [], frame(SLOTS, "[container==aaaaaaaaaaaa (soft=false)]")],
    ["A05", ["container==aaaaaaaaaaaa*"], [], "n1"],
    ["A06", ["container!=web"], [], "n3 n2"],
    ["A07", ["container!=db*"], [], "n3 n1"],
    ["A08", ["container!=~db*"], [], "n3 n1"],
    ["A09", ["container==~nothere"], [], "n3 n1 n2"],
    ["A10", ["container==nothere"], [], frame(SLOTS, "[container==nothere (soft=false)]")],
    ["A11", ["container!=nothere"], [], "n3 n1 n2"],
    ["A12", ["container==*"], [], "n1 n2"],
    ["A13", ["container==db?"], [], "n2"],
    ["A14", ["image==busybox"], [], "n1 n2"],
    ["A15", ["image==busybox:latest"], [], "n1 n2"],
    ["A16", ["image==redis"], [], "n2"],
    ["A17", ["image!=busybox"], [], "n3"],
    ["A18", ["image==~redis"], [], "n2"],
    ["A19", ["image==sha256:1111111111111111111111111111111111111111111111111111111111111111"], [], "n1 n2"],
    ["A20", ["image==111111111111"], [], frame(SLOTS, "[image==111111111111 (soft=false)]")],
    ["A21", ["image==111111111111*"], [], frame(SLOTS, "[image==111111111111* (soft=false)]")],
    ["A22", ["image==/1{3}/"], [], frame(SLOTS, "error from affinity filter: Value '/1{3}/' is invalid")],
    ["A23", ["image==reg.io:5000/app/api"], [], "n1"],
    ["A24", ["image==reg.io:5000/app/*"], [], "n1"],
    ["A25", ["image==reg.io:5000/app/api:2.1"], [], "n1"],
    ["A26", ["image==nope"], [], frame(SLOTS, "[image==nope (soft=false)]")],
    ["A27", ["role==front"], [], "n1"],
    ["A28", ["role!=front"], [], "n3 n2"],
    ["A29", ["role==*"], [], "n1 n2"],
    ["A30", ["role==~nope"], [], "n3 n1 n2"],
    ["A31", ["role!=back"], [], "n3 n1"],
    ["A32", ["com.x==1"], [], "n1"],
    ["A33", ["com.docker.swarm.id==s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1"], [], "n1"],
    ["A34", ["container==web*"], [], "n1"],
    ["A35", ["node==n1"], [], frame(SLOTS, "[node==n1 (soft=false)]")],
    ["A36", ["container==~web"], ["node==n2"], "n2"],
    ["A37", ["container==web", "container==db"], [], frame(SLOTS, "[container==web (soft=false) container==db (soft=false)]")],
    ["A38", ["container==web"], ["node==n2"], frame(SLOTS, "[container==web (soft=false)]", "[node==n2]")],
  ];
  for (const [id, affinities, constraints, result] of cases) {
    const plus = constraints.length === 0 ? "" : `, constraint ${constraints.join()}`;
    it(`${id}: ${affinities.join(" and ")}${plus}`, () => {
      expect(place(affinities, constraints)).to.equal(result);
    });
  }
});

describe("filters/affinity: more ways to name a container (B6)", () => {
  const swarmId = "5e".repeat(32);
  const nodes = (): readonly FakeCandidate[] => [
    candidate({ name: "web-1", containers: [container("db", { id: "a", swarmId, aliases: ["l2/al"] })] }),
    candidate({ name: "plain", containers: [container("x", { id: "b" }), container("y", { id: "c" })] }),
  ];
  const on = (affinity: string, modern = false): string =>
    outcome(scheduler({ modern }).place(request({ affinities: [affinity] }), nodes()));
  // prettier-ignore
  const cases: readonly (readonly [title: string, affinity: string, classic: string | undefined, modern: string])[] = [
    ["swarm id",                     `container==${swarmId}`,              "web-1", "web-1"],
    ["not this swarm id",            `container!=${swarmId}`,              "plain", "plain"],
    ["node/name",                    "container==web-1/db",                "web-1", "web-1"],
    ["not this node/name",           "container!=web-1/db",                "plain", "plain"],
    ["link alias",                   "container==l2/al",                   "web-1", "web-1"],
    ["a glob without a slash does not see node names", "container!=*web*", "web-1 plain", "web-1 plain"],
    ["short id",                     `container==${"a".repeat(12)}`,       undefined, "web-1"],
    ["not this short id",            `container!=${"a".repeat(12)}`,       "web-1 plain", "plain"],
    ["short swarm id",               `container==${swarmId.slice(0, 12)}`, undefined, "web-1"],
  ];
  for (const [title, affinity, classic, modern] of cases) {
    it(title, () => {
      expect(on(affinity)).to.equal(classic ?? frame(SLOTS, `[${affinity} (soft=false)]`));
      expect(on(affinity, true)).to.equal(modern);
    });
  }
});

describe("filters/affinity: images with modern rules (B9)", () => {
  const digest = `busybox@sha256:${"d".repeat(64)}`;
  const nodes = [
    candidate({ name: "n1", images: [image("1", ["busybox:1"], [digest])] }),
    candidate({ name: "n2" }),
  ];
  const on = (affinity: string, modern: boolean): string =>
    outcome(scheduler({ modern }).place(request({ affinities: [affinity] }), nodes));

  it("finds an image by digest", () => {
    expect(on(`image==${digest}`, true)).to.equal("n1");
    expect(on(`image!=${digest}`, true)).to.equal("n2");
    expect(on(`image==${digest}`, false)).to.equal(
      frame(SLOTS, `error from affinity filter: Value '${digest}' is invalid`),
    );
  });

  it("finds an image by short id", () => {
    expect(on("image==111111111111", true)).to.equal("n1");
    expect(on("image==/^1{12}$/", true)).to.equal("n1");
  });
});

describe("filters/affinity: odd containers", () => {
  it("does not see a container without a name", () => {
    const nodes = [candidate({ containers: [container("", { id: "a" })] })];
    const result = scheduler().place(request({ affinities: [`container==${"a".repeat(64)}`] }), nodes);
    expect(outcome(result)).to.equal(frame(SLOTS, `[container==${"a".repeat(64)} (soft=false)]`));
  });

  it("knows a reservation by its name only", () => {
    const pending = container("pend", { swarmId: "5e".repeat(32), pending: true });
    const place1 = (affinity: string): string =>
      outcome(scheduler().place(request({ affinities: [affinity] }), [candidate({ containers: [pending] })]));
    expect(place1("container==pend")).to.equal("n1");
    expect(place1("container!=/^$/")).to.equal("n1");
    expect(place1("container!=5e5e*")).to.equal("n1");
  });

  it("reads only a label's own value, whatever its name", () => {
    const nodes = [candidate({ containers: [container("web")] })];
    const place1 = (affinity: string): string =>
      outcome(scheduler().place(request({ affinities: [affinity] }), nodes));
    expect(place1("constructor!=*Object*")).to.equal("n1");
    expect(place1("__proto__==/./")).to.equal(frame(SLOTS, "[__proto__==/./ (soft=false)]"));
  });
});
