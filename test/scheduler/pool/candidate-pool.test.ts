import { expect } from "chai";

import { FILTER_NAMES } from "../../../filters/index.ts";
import { CandidatePool } from "../../../src/scheduler/pool/candidate-pool.ts";
import type { PlacementRequest, PlacementResult } from "../../../src/scheduler/types.ts";
import { seeded } from "../../support/seeded.ts";
import { request, scheduler } from "../builders.ts";
import { Dice, randomNode, type RandomNode } from "./random-node.ts";
import { randomRequest } from "./random-request.ts";

/** What a test sees of a result. */
const shown = (result: PlacementResult, most: number): unknown =>
  result.kind === "placed" ? result.ranked.slice(0, most).map(({ addr }) => addr) : result.refusal;

/** A cluster of random nodes that come, change and go, in a list and in a pool. */
class RandomCluster {
  readonly nodes: RandomNode[] = [];
  readonly pool: CandidatePool;
  readonly #dice: Dice;
  #made = 0;

  constructor(dice: Dice, withHolders: boolean) {
    this.#dice = dice;
    this.pool = new CandidatePool(
      withHolders
        ? (reference) => this.nodes.filter((node) => node.hasContainer(reference) || dice.happens(0.1))
        : undefined,
    );
  }

  grow(): void {
    const node = randomNode(this.#dice, ++this.#made);
    this.nodes.push(node);
    this.pool.add(node);
  }

  change(): void {
    const dice = this.#dice;
    if (this.nodes.length === 0 || dice.happens(0.05)) this.grow();
    else if (dice.happens(0.03)) {
      const [gone] = this.nodes.splice(dice.below(this.nodes.length), 1);
      if (gone !== undefined) this.pool.remove(gone);
    } else dice.of(this.nodes).mutate();
  }

  members(): readonly RandomNode[] {
    return this.nodes.filter(({ takesPart }) => takesPart);
  }
}

interface Round {
  readonly seed: number;
  readonly size: number;
  readonly requests: number;
}

/** The plain list and the pool must give the same answer to every request. */
function compare({ seed, size, requests }: Round): void {
  const random = seeded(seed);
  const dice = new Dice(random);
  const cluster = new RandomCluster(dice, dice.happens(0.7));
  for (let i = 0; i < size; i += 1) cluster.grow();
  const parts = {
    modern: dice.happens(0.4),
    strategy: dice.of(["spread", "binpack", "random"]),
    filters: dice.happens(0.7) ? FILTER_NAMES : FILTER_NAMES.filter(() => dice.happens(0.7)),
  };
  const stranger = randomNode(dice, 0);
  const earlier: PlacementRequest[] = [];
  for (let i = 0; i < requests; i += 1) {
    for (let changes = dice.below(6); changes > 0; changes -= 1) cluster.change();
    // Asked again, a request finds answers that were kept.
    const known = cluster.nodes.length === 0 ? [stranger] : cluster.nodes;
    const asked = dice.happens(0.5) && earlier.length > 0 ? dice.of(earlier) : randomRequest(dice, known);
    earlier.push(asked);
    const drawn = dice.below(1e9);
    const made = () => scheduler({ ...parts, random: seeded(drawn) });
    const plain = made().place(asked, cluster.members());
    const told = `seed ${seed}, request ${i}: ${JSON.stringify({ ...asked, ...parts })}`;
    const pooled = made().place(asked, cluster.pool.field(), "best");
    expect(shown(pooled, 1), told).to.deep.equal(shown(plain, 1));
    if (pooled.kind === "placed") expect(pooled.ranked, told).to.have.length(1);
    const ranked = made().place(asked, cluster.pool.field());
    expect(shown(ranked, Infinity), told).to.deep.equal(shown(plain, Infinity));
  }
}

describe("scheduler/pool", function () {
  this.timeout(60_000);

  it("chooses and refuses as the plain pipeline does, on small clusters that change", () => {
    for (let seed = 1; seed <= 150; seed += 1) compare({ seed, size: seed % 8, requests: 20 });
  });

  it("knows how things are after more changes than it keeps", () => {
    const dice = new Dice(seeded(5));
    const cluster = new RandomCluster(dice, true);
    for (let i = 0; i < 5; i += 1) cluster.grow();
    const asked = request({ affinities: ["container!=w*", "tier!=/bac/"], constraints: ["rack!=r1"], anyAvailability: true }); // prettier-ignore
    for (let round = 0; round < 4; round += 1) {
      const plain = scheduler().place(asked, cluster.members());
      expect(shown(scheduler().place(asked, cluster.pool.field()), Infinity)).to.deep.equal(
        shown(plain, Infinity),
      );
      for (let changes = 0; changes < 9_000; changes += 1) {
        dice.of(cluster.nodes).mutate();
        cluster.pool.field();
      }
    }
  });

  it("chooses and refuses as the plain pipeline does, on larger ones", () => {
    for (let seed = 1_001; seed <= 1_012; seed += 1) compare({ seed, size: 70 + (seed % 80), requests: 40 });
  });
});
