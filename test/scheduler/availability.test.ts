import { expect } from "chai";
import { FILTER_NAMES } from "../../filters/index.ts";
import type { PlacementRequest, Refusal } from "../../src/scheduler/types.ts";
import { candidate, frame, GiB, NO_RESOURCES, outcome, request, scheduler, SLOTS } from "./builders.ts";
import type { FakeCandidate } from "./builders.ts";

/** `n1 active, n2 paused, n3 drained`, all alike. */
const nodes = (): readonly FakeCandidate[] => [
  candidate({ name: "n1" }),
  candidate({ name: "n2", availability: "pause", labels: { rack: "r2" } }),
  candidate({ name: "n3", availability: "drain", labels: { rack: "r3" } }),
];

function refuse(
  asked: PlacementRequest,
  among: readonly FakeCandidate[],
  filters?: readonly string[],
): Refusal {
  const result = scheduler(filters === undefined ? {} : { filters }).place(asked, among);
  if (result.kind === "placed") throw new Error(`placed on ${outcome(result)}`);
  return result.refusal;
}

describe("scheduler: nodes that are paused or drained", () => {
  for (const strategy of ["spread", "binpack", "random"]) {
    it(`get nothing new from ${strategy}`, () => {
      expect(outcome(scheduler({ strategy }).place(request(), nodes()))).to.equal("n1");
    });
  }

  for (const filters of [[], ...FILTER_NAMES.map((name) => [name])]) {
    it(`get nothing new with --filter ${filters.join() || "none"}`, () => {
      expect(outcome(scheduler({ filters }).place(request(), nodes()))).to.equal("n1");
    });
  }

  it("are taken for what leaves nothing behind", () => {
    const asked = request({ anyAvailability: true });
    expect(outcome(scheduler().place(asked, nodes()))).to.equal("n1 n2 n3");
  });

  it("are no answer to a soft expression", () => {
    for (const modern of [false, true]) {
      const placed = scheduler({ modern }).place(request({ constraints: ["rack==~r2"] }), nodes());
      expect(outcome(placed)).to.equal("n1");
    }
  });

  describe("explanation", () => {
    it("is the whole message when nothing else is in the way", () => {
      expect(refuse(request(), nodes().slice(1))).to.deep.equal({
        message: "No node that fits takes new containers: n3 is drained, n2 is paused",
        explanation: [],
      });
    });

    it("names the node that was asked for, and not the others", () => {
      expect(refuse(request({ constraints: ["node==n2"] }), nodes())).to.deep.equal({
        message: "No node that fits takes new containers: n2 is paused",
        explanation: ["constraint: ruled out 2 of 3 nodes; nearest: n1 (node==n2 is wanted, it is n1)"],
      });
    });

    it("stands beside the contract's message when other nodes lack room", () => {
      expect(refuse(request({ memoryBytes: 5 * GiB }), nodes()).explanation).to.deep.equal([
        "availability: n3 is drained, n2 is paused",
        "memory: ruled out 3 of 3 nodes; nearest: n1 (5 GiB requested, 4 GiB of 4 GiB free)",
      ]);
      const [full, ...others] = nodes();
      const refusal = refuse(request({ memoryBytes: GiB }), [
        { ...full!, usedMemoryBytes: 4 * GiB },
        ...others,
      ]);
      expect(refusal).to.deep.equal({
        message: NO_RESOURCES,
        explanation: [
          "availability: n3 is drained, n2 is paused",
          "memory: ruled out 1 of 3 nodes; nearest: n1 (1 GiB requested, 0 B of 4 GiB free)",
        ],
      });
    });

    it("names only those on which nothing else is in the way, where there are any", () => {
      const [active, ...others] = nodes();
      const refusal = refuse(request({ memoryBytes: GiB, constraints: ["rack!=r3"] }), [
        { ...active!, usedMemoryBytes: 4 * GiB },
        ...others,
      ]);
      expect(refusal.explanation[1]).to.equal("availability: n2 is paused");
    });

    it("says so when no node was left before", () => {
      const refusal = refuse(request({ constraints: ["rack==r9"] }), nodes());
      expect(refusal.message).to.equal(frame(SLOTS, "[rack==r9]"));
      expect(refusal.explanation.at(-1)).to.equal("availability: n3 is drained, n2 is paused");
    });

    it("counts nodes when there are many of them", () => {
      const many = (count: number) =>
        Array.from({ length: count }, (_, n) => candidate({ name: `n${n + 1}`, availability: "drain" }));
      const message = (count: number): string => refuse(request(), many(count)).message;
      expect(message(3)).to.match(/: n1, n2 and n3 are drained$/);
      expect(message(4)).to.match(/: 4 nodes are drained$/);
    });

    it("clips what engines call themselves", () => {
      const long = candidate({ name: "x".repeat(10_000), availability: "pause" });
      expect(refuse(request(), [long]).message).to.have.length.below(200);
    });

    it("comes with the one network that holds the container there", () => {
      const [, held] = nodes();
      const localNetworks = [{ name: "back", nodes: new Map([[held!.addr, held!.name]]) }];
      const refusal = refuse(request({ localNetworks }), nodes());
      expect(refusal.message).to.equal("No node that fits takes new containers: n2 is paused");
      expect(refusal.explanation[0]).to.match(/^network: ruled out 2 of 3 nodes/);
    });
  });
});
