import { expect } from "chai";
import type { FaultKind } from "./plan/faults.ts";
import type { WorldMode } from "./plan/timeline.ts";
import { runChaos } from "./run/run.ts";

interface Short {
  readonly it: string;
  readonly seed: number;
  readonly mode: WorldMode;
  readonly kinds: readonly FaultKind[];
  /** Which of them this seed makes happen; all, unless said otherwise. */
  readonly happens?: readonly FaultKind[];
}

/** `npm run chaos` for a few seconds in each kind of world, always the same. */
describe("a little chaos", function () {
  this.timeout(240_000); // the bound on recovery is a minute, and a violation takes its time to be written down
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
      it: "a full disk and two killed engines, without a store",
      seed: 22,
      mode: "state-dir",
      kinds: ["state-full", "manager-kill", "engine-kill"],
      happens: ["state-full", "engine-kill"],
    },
  ];
  for (const { it: title, seed, mode, kinds, happens = kinds } of cases) {
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
      expect([...tally.faults.keys()], "faults that happened").to.have.members([...happens]);
      expect(tally.creates.done, "creates were answered").to.be.greaterThan(5);
      const { acts, containers, holders, primaries } = tally.observed;
      expect(containers, "containers were seen to be made").to.be.greaterThan(5);
      if (mode === "state-dir") return;
      expect(acts, "requests of managers were read").to.be.greaterThan(5);
      expect(holders, "the leader's key was read").to.be.greaterThan(5);
      expect(primaries, "a manager said that it was primary").to.be.greaterThan(5);
    });
  }
});
