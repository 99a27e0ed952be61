import { expect } from "chai";
import type { FaultKind } from "./plan/faults.ts";
import type { WorldMode } from "./plan/timeline.ts";
import { runChaos } from "./run/run.ts";

interface Short {
  readonly it: string;
  readonly seed: number;
  readonly mode: WorldMode;
  readonly kinds: readonly FaultKind[];
}

/** `npm run chaos` for a few seconds in each kind of world, always the same. */
describe("a little chaos", () => {
  const cases: readonly Short[] = [
    {
      it: "managers that die and nodes that are cut off, over one etcd",
      seed: 4,
      mode: "etcd",
      kinds: ["manager-kill", "engine-partition", "store-restart"],
    },
    {
      it: "stalled managers, frozen stores and nodes without power, over three etcds",
      seed: 10,
      mode: "etcd-cluster",
      kinds: ["manager-stall", "store-freeze", "engine-power"],
    },
    {
      it: "a full disk, a killed manager and killed engines, without a store",
      seed: 22,
      mode: "state-dir",
      kinds: ["state-full", "manager-kill", "engine-kill"],
    },
  ];
  for (const { it: title, seed, mode, kinds } of cases) {
    it(`leaves nothing broken behind: ${title}`, async () => {
      const lines: string[] = [];
      const { violations, kept, tally } = await runChaos({
        seed,
        forMs: 60_000,
        phasesPerWorld: 1,
        worlds: 1,
        limits: { mode, kinds, lengthMs: [10_000, 12_000] },
        say: (line) => lines.push(line),
        stop: new AbortController().signal,
      });
      expect(violations, [...lines, ...kept].join("\n")).to.deep.equal([]);
      expect(tally.faults.size, "faults happened").to.be.greaterThan(0);
      expect(tally.creates.done, "creates were answered").to.be.greaterThan(5);
    });
  }
});
