import { expect } from "chai";
import { describeFault, faultKinds } from "../live/chaos/plan/faults.ts";
import { SeededRandom } from "../live/chaos/plan/random.ts";
import { planPhase, planWorld, worldModes } from "../live/chaos/plan/timeline.ts";
import type { PhasePlan, WorldPlan } from "../live/chaos/plan/timeline.ts";
import { nextSeed } from "../live/chaos/run/run.ts";

/** World and phases of a seed. */
function planned(
  seed: number,
  count = 5,
): { readonly world: WorldPlan; readonly phases: readonly PhasePlan[] } {
  const random = new SeededRandom(seed);
  const world = planWorld(random);
  return { world, phases: Array.from({ length: count }, () => planPhase(random.fork(), world)) };
}

const seeds = Array.from({ length: 60 }, (_, seed) => seed);

describe("chaos/timeline", () => {
  it("is the same for the same seed", () => {
    expect(planned(7)).to.deep.equal(planned(7));
  });

  it("is another for another seed", () => {
    expect(planned(7)).to.not.deep.equal(planned(8));
  });

  it("comes to every kind of world and of fault", () => {
    const all = seeds.map((seed) => planned(seed, 20));
    expect(new Set(all.map(({ world }) => world.mode))).to.have.all.keys(...worldModes);
    const kinds = all.flatMap(({ phases }) => phases.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
    expect(new Set(kinds)).to.have.all.keys(...Object.keys(faultKinds));
  });

  it("leaves at least one engine alone and hits nobody twice", () => {
    for (const { world, phases } of seeds.map((seed) => planned(seed))) {
      for (const { faults } of phases) {
        const hit = faults.flatMap(({ target, peer }) => (peer === undefined ? [target] : [target, peer]));
        expect(new Set(hit).size, faults.map(describeFault).join()).to.equal(hit.length);
        expect(world.engines.some((name) => !hit.includes(name))).to.equal(true);
      }
    }
  });

  it("undoes every fault before the phase ends", () => {
    for (const { phases } of seeds.map((seed) => planned(seed))) {
      for (const { faults, lengthMs } of phases) {
        for (const { atMs, lastsMs } of faults) expect(atMs + lastsMs).to.be.at.most(lengthMs);
      }
    }
  });

  it("asks for no store where there is none, and for no full disk where there is one", () => {
    for (const { world, phases } of seeds.map((seed) => planned(seed))) {
      const families = phases.flatMap(({ faults }) => faults.map(({ kind }) => faultKinds[kind].family));
      expect(families).to.not.include(world.mode === "state-dir" ? "store" : "state");
    }
  });

  it("draws only the kinds asked for", () => {
    const random = new SeededRandom(3);
    const world = planWorld(random, { mode: "etcd" });
    const { faults } = planPhase(random, world, { kinds: ["engine-kill"] });
    expect(faults.map(({ kind }) => kind)).to.include("engine-kill");
    expect(faults.every(({ kind }) => kind === "engine-kill")).to.equal(true);
  });

  it("goes without faults where none of those asked for is possible, and makes clocks jump where that is asked for", () => {
    const random = new SeededRandom(3);
    const world = planWorld(random, { mode: "state-dir", kinds: ["store-cut", "manager-clock"] });
    expect(planPhase(random, world, { kinds: ["store-cut"] }).faults).to.deep.equal([]);
    expect(planPhase(random, world, { kinds: ["manager-clock"] }).faults).to.have.lengthOf(1);
  });

  it("gives the next world a seed that does not come back soon", () => {
    const chain = [7];
    for (let count = 0; count < 1000; count++) chain.push(nextSeed(chain.at(-1)!));
    expect(new Set(chain).size).to.equal(chain.length);
  });
});
