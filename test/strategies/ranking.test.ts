import { expect } from "chai";

import { candidate, GiB, NO_RESOURCES, outcome, request, scheduler } from "../scheduler/builders.ts";
import type { FakeCandidate } from "../scheduler/builders.ts";

/** `n1 4G/4 used 2G/0 1 ctr`: total memory and CPUs, used ones, containers. */
function node(text: string): FakeCandidate {
  const match = /^(\w+) ([\d.]+)G\/(\d+) used ([\d.]+)G\/(\d+) (\d+) ctr$/.exec(text);
  if (match === null) throw new Error(`not a node: ${text}`);
  const [memory, cpus, usedMemory, usedCpus, others] = match.slice(2).map(Number);
  return candidate({
    name: match[1]!,
    memory: memory! * GiB,
    cpus: cpus!,
    usedMemory: Math.trunc(usedMemory! * GiB),
    usedCpus: usedCpus!,
    others: others!,
  });
}

/** `1 GiB, 2 CPU`, `none`. */
const wanted = (text: string) =>
  request({
    memoryBytes: Math.trunc(Number(/([\d.]+) GiB/.exec(text)?.[1] ?? 0) * GiB),
    cpus: Number(/(\d+) CPU/.exec(text)?.[1] ?? 0),
  });

describe("strategies: the ranking table of scheduling.md §10.10", () => {
  // prettier-ignore
  const cases: readonly (readonly [id: string, strategy: string, request: string, nodes: string[], result: string])[] = [
    ["R01", "spread", "none", ["n1 2G/2 used 0G/0 3 ctr", "n2 2G/2 used 0G/0 1 ctr", "n3 2G/2 used 0G/0 2 ctr"], "n2 n3 n1"],
    ["R02", "spread", "1 GiB", ["n1 4G/4 used 2G/0 1 ctr", "n2 4G/4 used 1G/0 5 ctr", "n3 8G/4 used 4G/0 0 ctr"], "n2 n3 n1"],
    ["R03", "spread", "1 CPU", ["n1 4G/4 used 1G/1 1 ctr", "n2 4G/4 used 1G/2 1 ctr", "n3 8G/8 used 2G/2 1 ctr"], "n3 n1 n2"],
    ["R04", "spread", "1 GiB, 1 CPU", ["n1 4G/4 used 1G/1 1 ctr", "n2 4G/4 used 1G/2 1 ctr", "n3 8G/8 used 2G/2 1 ctr"], "n3 n1 n2"],
    ["R05", "spread", "3 GiB", ["n1 4G/4 used 2G/0 1 ctr", "n2 4G/4 used 1G/0 5 ctr", "n3 8G/4 used 4G/0 0 ctr"], "n3 n2"],
    ["R06", "spread", "2 GiB", ["n1 4G/4 used 2G/0 0 ctr", "n2 4G/4 used 3G/0 0 ctr"], "n1"],
    ["R07", "spread", "5 GiB", ["n1 4G/4 used 0G/0 0 ctr"], NO_RESOURCES],
    ["R08", "spread", "5 GiB", ["n1 4G/4 used 0G/0 0 ctr", "n2 8G/8 used 0G/0 9 ctr"], "n2"],
    ["R09", "spread", "5 CPU", ["n1 4G/4 used 0G/0 0 ctr"], NO_RESOURCES],
    ["R10", "spread", "none", ["n1 4G/4 used 4G/4 9 ctr", "n2 4G/4 used 0G/0 10 ctr"], "n1 n2"],
    ["R11", "spread", "0.01 GiB", ["n1 4G/4 used 0.01G/0 1 ctr", "n2 4G/4 used 0G/0 2 ctr"], "n1 n2"],
    ["R12", "spread", "0.036 GiB", ["n1 4G/4 used 4G/0 1 ctr"], "n1"],
    ["R13", "binpack", "none", ["n1 2G/2 used 0G/0 3 ctr", "n2 2G/2 used 0G/0 1 ctr", "n3 2G/2 used 0G/0 2 ctr"], "n1 n3 n2"],
    ["R14", "binpack", "1 GiB", ["n1 4G/4 used 2G/0 1 ctr", "n2 4G/4 used 1G/0 5 ctr", "n3 8G/4 used 4G/0 0 ctr"], "n1 n3 n2"],
    ["R15", "binpack", "1 CPU", ["n1 4G/4 used 1G/1 1 ctr", "n2 4G/4 used 1G/2 1 ctr", "n3 8G/8 used 2G/2 1 ctr"], "n2 n1 n3"],
    ["R16", "binpack", "1 GiB, 1 CPU", ["n1 4G/4 used 1G/1 1 ctr", "n2 4G/4 used 1G/2 1 ctr", "n3 8G/8 used 2G/2 1 ctr"], "n2 n1 n3"],
    ["R17", "binpack", "3 GiB", ["n1 4G/4 used 2G/0 1 ctr", "n2 4G/4 used 1G/0 5 ctr", "n3 8G/4 used 4G/0 0 ctr"], "n2 n3"],
    ["R18", "binpack", "2 GiB", ["n1 4G/4 used 2G/0 0 ctr", "n2 4G/4 used 3G/0 0 ctr"], "n1"],
    ["R19", "binpack", "5 GiB", ["n1 4G/4 used 0G/0 0 ctr"], NO_RESOURCES],
    ["R20", "binpack", "5 GiB", ["n1 4G/4 used 0G/0 0 ctr", "n2 8G/8 used 0G/0 9 ctr"], "n2"],
    ["R21", "binpack", "5 CPU", ["n1 4G/4 used 0G/0 0 ctr"], NO_RESOURCES],
    ["R22", "binpack", "none", ["n1 4G/4 used 4G/4 9 ctr", "n2 4G/4 used 0G/0 10 ctr"], "n2 n1"],
    ["R23", "binpack", "0.01 GiB", ["n1 4G/4 used 0.01G/0 1 ctr", "n2 4G/4 used 0G/0 2 ctr"], "n2 n1"],
    ["R24", "binpack", "0.036 GiB", ["n1 4G/4 used 4G/0 1 ctr"], "n1"],
  ];
  for (const [id, strategy, asked, nodes, result] of cases) {
    it(`${id}: ${strategy}, ${asked}, ${nodes.join("; ")}`, () => {
      expect(outcome(scheduler({ strategy }).place(wanted(asked), nodes.map(node)))).to.equal(result);
    });
  }

  const fullAndFree = () => [node("n1 4G/4 used 3G/0 0 ctr"), node("n2 4G/4 used 0G/0 5 ctr")];

  it("R25: a soft constraint on a full node gives way", () => {
    const soft = { ...wanted("2 GiB"), constraints: ["node==~n1"] };
    expect(outcome(scheduler().place(soft, fullAndFree()))).to.equal("n2");
  });

  it("R26: a hard constraint on a full node does not", () => {
    const hard = { ...wanted("2 GiB"), constraints: ["node==n1"] };
    expect(outcome(scheduler().place(hard, fullAndFree()))).to.equal(NO_RESOURCES);
  });
});

describe("strategies: the sequences of scheduling.md §10.11", () => {
  const repeat = (times: number, what: string): string[] => Array.from({ length: times }, () => what);
  // prettier-ignore
  const cases: readonly (readonly [id: string, strategy: string, nodes: string[], asked: string[], chosen: string])[] = [
    ["Q01", "spread",  ["n1 2G/4 used 0G/0 1 ctr", "n2 2G/4 used 0G/0 0 ctr"], repeat(5, "0.5 GiB"), "n2 n1 n2 n1 n2"],
    ["Q02", "binpack", ["n1 2G/4 used 0G/0 1 ctr", "n2 2G/4 used 0G/0 0 ctr"], repeat(9, "0.5 GiB"), "n1 n1 n1 n1 n2 n2 n2 n2 ✗"],
    ["Q03", "spread",  ["n1 2G/4 used 0G/0 3 ctr", "n2 4G/4 used 0G/0 0 ctr"], repeat(7, "1 GiB"), "n2 n2 n1 n2 n2 n1 ✗"],
    ["Q04", "binpack", ["n1 2G/4 used 0G/0 1 ctr", "n2 4G/4 used 0G/0 0 ctr"], repeat(7, "1 GiB"), "n1 n1 n2 n2 n2 n2 ✗"],
    ["Q05", "spread",  ["n1 4G/2 used 0G/0 3 ctr", "n2 4G/4 used 0G/0 0 ctr"], repeat(7, "1 CPU"), "n2 n2 n1 n2 n2 n1 ✗"],
    ["Q06", "binpack", ["n1 4G/2 used 0G/0 1 ctr", "n2 4G/4 used 0G/0 0 ctr"], repeat(7, "1 CPU"), "n1 n1 n2 n2 n2 n2 ✗"],
    ["Q07", "spread",  ["n1 2G/4 used 0G/0 3 ctr", "n2 2G/4 used 0G/0 0 ctr"], repeat(3, "none"), "n2 n2 n2"],
    ["Q08", "binpack", ["n1 2G/4 used 0G/0 3 ctr", "n2 2G/4 used 0G/0 0 ctr"], repeat(5, "none"), "n1 n1 n1 n1 n1"],
    ["Q09", "spread",  ["n1 4G/4 used 0G/0 3 ctr", "n2 4G/4 used 0G/0 0 ctr"], ["1 GiB", "none", "1 GiB", "none", "2 GiB", "1 GiB"], "n2 n2 n1 n2 n2 n1"],
    ["Q10", "binpack", ["n1 4G/4 used 0G/0 1 ctr", "n2 4G/4 used 0G/0 0 ctr"], ["1 GiB", "none", "3 GiB", "none", "2 GiB", "1 CPU"], "n1 n1 n1 n1 n2 n1"],
  ];
  for (const [id, strategy, start, asked, chosen] of cases) {
    it(`${id}: ${strategy} from ${start.join("; ")}: ${asked.join(", ")}`, () => {
      const nodes = start.map(node);
      const choices = asked.map((text) => {
        const want = wanted(text);
        const result = scheduler({ strategy }).place(want, nodes);
        if (result.kind === "refused")
          return result.refusal.message === NO_RESOURCES ? "✗" : result.refusal.message;
        const at = result.ranked[0] as FakeCandidate;
        at.containerCount += 1;
        at.usedMemoryBytes += want.memoryBytes;
        at.usedCpus += want.cpus;
        return at.name;
      });
      expect(choices.join(" ")).to.equal(chosen);
    });
  }
});

describe("strategies: full ties (B3)", () => {
  for (const strategy of ["spread", "binpack"]) {
    it(`${strategy} ends them at the natural order of names, then of addresses`, () => {
      const nodes = ["node-10", "node-9", "", "node-1"].map((name) => candidate({ name }));
      const twins = ["10.0.0.10:1", "10.0.0.9:1"].map((addr) => candidate({ name: "twin", addr }));
      const result = scheduler({ strategy }).place(request(), [...twins, ...nodes]);
      const order =
        result.kind === "placed"
          ? result.ranked.map(({ name, addr }) => (name === "twin" ? addr : name))
          : [];
      expect(order).to.deep.equal(["", "node-1", "node-9", "node-10", "10.0.0.9:1", "10.0.0.10:1"]);
    });
  }
});
