import { expect } from "chai";
import { FILTERS } from "../../filters/index.ts";
import { withListed, withState } from "../../src/cluster/changed-record.ts";
import { ContainerIndex } from "../../src/cluster/container-index.ts";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import { EngineCandidate, type Reservation } from "../../src/cluster/engine-candidate.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import { Inventory } from "../../src/cluster/inventory.ts";
import { Placements } from "../../src/cluster/placements.ts";
import type { ImageSummary } from "../../src/docker/types.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { Candidate, PlacementRequest } from "../../src/scheduler/types.ts";
import { strategyByName } from "../../strategies/index.ts";
import { Dice, HEX, NAMES, TAGS } from "../scheduler/pool/random-node.ts";
import { randomRequest } from "../scheduler/pool/random-request.ts";
import { seeded } from "../support/seeded.ts";
import { fakeEngine, record } from "./builders.ts";

type Standing = { -readonly [K in "isMember" | "healthIndicator" | "availability" | "labels"]: Engine[K] } & {
  readonly engine: Engine;
};

/** Engines without connections, in the indexes of a cluster. */
class Machines {
  readonly all: Standing[] = [];
  readonly index = new ContainerIndex();
  readonly #scheduler: Scheduler;
  readonly placements: Placements;
  readonly #dice: Dice;
  readonly #held: Reservation[] = [];
  #made = 0;

  constructor(dice: Dice, modern: boolean) {
    this.#dice = dice;
    this.#scheduler = new Scheduler({ filters: FILTERS, strategy: strategyByName("spread"), rules: { modern }, random: () => 0 }); // prettier-ignore
    this.placements = new Placements(this.#scheduler, this.index);
  }

  add(): void {
    const inventory = new Inventory();
    const engine: Engine = Object.assign(fakeEngine(`node-${++this.#made}`), {
      ...{ isMember: true, isHealthy: true, healthIndicator: 100, clockDeltaMs: 0 },
      ...{ availability: "active" as const, labels: new Map(), totalMemoryBytes: 1_000, totalCpus: 4 },
      cache: { inventory } as unknown as Engine["cache"],
    });
    const resolves = (reference: string): boolean =>
      this.index.resolve(reference, (each) => each.engine === engine) !== undefined;
    Object.assign(engine, { candidate: new EngineCandidate(engine, resolves) });
    inventory.attach({
      containerAdded: (each) => this.index.add(each),
      containerRemoved: (each) => this.index.remove(each),
      containerReplaced: (old, each) => this.index.replace(old, each),
    });
    this.all.push(Object.assign(engine, { engine }));
    this.placements.add(engine.candidate);
  }

  change(): void {
    const dice = this.#dice;
    const machine = dice.of(this.all);
    const { candidate, cache } = machine.engine;
    const ids = [...cache.inventory.containers.keys()];
    switch (dice.below(9)) {
      case 0:
        machine.healthIndicator = dice.of([0, 67, 100]);
        machine.availability = dice.of(["active", "active", "pause"]);
        machine.labels = new Map([["rack", dice.of(["r1", "r2"])]]);
        machine.isMember = dice.happens(0.8);
        candidate.nodeChanged();
        return;
      case 1:
        cache.inventory.images = dice.some(2, () => ({ Id: `sha256:${dice.of(HEX).repeat(64)}`, RepoTags: [dice.of(TAGS)], RepoDigests: null }) as unknown as ImageSummary); // prettier-ignore
        return;
      case 2:
        if (ids.length > 0) cache.inventory.removeContainer(dice.of(ids));
        return;
      case 3: {
        const [held] = this.#held.splice(dice.below(this.#held.length), 1);
        if (held !== undefined) this.placements.release(held);
        return;
      }
      case 4: {
        // The container of a reservation shows up before that ends.
        const held = this.#held.find(() => dice.happens(0.5));
        if (held !== undefined) this.#create(held.engine, held.swarmId, held.names);
        return;
      }
      case 5: {
        const known = ids.length > 0 ? cache.inventory.containers.get(dice.of(ids)) : undefined;
        if (known !== undefined) this.#restate(known);
        return;
      }
      default:
        this.#create(machine.engine, dice.happens(0.5) ? this.#hex() : "", [dice.of(NAMES)]);
    }
  }

  #hex(): string {
    return Array.from({ length: 64 }, () => this.#dice.of(HEX)).join("");
  }

  /** Starts or ends it; then it may have other ports and, after an update, another limit. */
  #restate(known: ContainerRecord): void {
    const dice = this.#dice;
    const told = withState(known, { ...known.inspect.State, Running: dice.happens(0.5) });
    const Ports = dice.happens(0.5) ? [{ PrivatePort: 81, PublicPort: 8080, Type: "tcp" }] : [];
    const listed = dice.happens(0.5) ? (withListed(told, { ...told.summary, Ports }) ?? told) : told;
    known.engine.cache.inventory.setContainer(dice.happens(0.2) ? { ...listed, memoryBytes: 200 } : listed);
  }

  #create(engine: Engine, swarmId: string, names: readonly string[]): void {
    const dice = this.#dice;
    const host = dice.happens(0.3)
      ? { PortBindings: { "80/tcp": [{ HostPort: dice.of(["80", "8080"]) }] } }
      : {};
    const labels = dice.happens(0.5) ? { tier: "front" } : {};
    engine.cache.inventory.setContainer(
      record({
        id: this.#hex(),
        engine,
        swarmId,
        names,
        labels,
        host: { ...host, Memory: dice.of([0, 100]) },
      }),
    );
  }

  hold(request: PlacementRequest): void {
    if (request.name !== "" && this.placements.isReserved(request.name)) return;
    const placed = this.placements.place(request, this.#dice.of([this.#hex(), ""]), { tier: "back" });
    if (placed.kind === "placed") this.#held.push(placed.reservation);
  }

  /** Every answer must be what a look at every candidate gives. */
  compare(request: PlacementRequest, told: string): void {
    const candidates: readonly Candidate[] = this.all
      .filter(({ isMember }) => isMember)
      .map(({ engine }) => engine.candidate);
    const plain = this.#scheduler.place(request, candidates);
    expect(this.placements.rank(request), told).to.deep.equal(plain);
  }
}

describe("cluster/placements", function () {
  this.timeout(60_000);

  it("sees every change of engines, containers, images and reservations", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const dice = new Dice(seeded(seed));
      const machines = new Machines(dice, dice.happens(0.3));
      for (let i = dice.below(6); i >= 0; i -= 1) machines.add();
      for (let step = 0; step < 40; step += 1) {
        for (let changes = dice.below(5); changes > 0; changes -= 1) machines.change();
        const asked = randomRequest(
          dice,
          machines.all.map(({ engine }) => engine.candidate),
        );
        const request = { ...asked, name: dice.of(["", ...NAMES]), memoryBytes: dice.of([0, 300]) };
        machines.compare(request, `seed ${seed}, step ${step}: ${JSON.stringify(request)}`);
        machines.hold(request);
      }
    }
  });
});
