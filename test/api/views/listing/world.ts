import type { ContainerState } from "../../../../src/docker/types.ts";
import { ContainerListing } from "../../../../src/api/views/listing/container-listing.ts";
import type { ContainerView, NodeView } from "../../../../src/api/views/types.ts";
import { container, created, node, now, state } from "../builders.ts";

/** Numbers 0 ≤ n < 1 that are the same every time (mulberry32). */
export function seeded(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const HOUR = 3_600_000;

/** A cluster that changes at random, and its listing, which is told. */
export class RandomWorld {
  readonly random: () => number;
  readonly nodes: Mutable<NodeView>[] = [];
  readonly containers = new Map<string, ContainerView>();
  readonly listing: ContainerListing;
  nowMs = now;
  #made = 0;

  constructor(seed: number, nodes = 5, sizes: { few?: number; many?: number } = {}) {
    this.random = seeded(seed);
    for (let n = 0; n < nodes; n++) this.nodes.push(node({ name: `node-${n}`, port: 5_500 + n }));
    this.listing = new ContainerListing(
      {
        values: () => this.containers.values(),
        byId: (id) => this.containers.get(id),
      },
      sizes,
    );
  }

  /** 0 ≤ n < count */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }
  pick<T>(things: readonly T[]): T {
    return things[this.below(things.length)] as T;
  }
  chance(share: number): boolean {
    return this.random() < share;
  }
  some(): ContainerView | undefined {
    return this.pick([...this.containers.values()]);
  }

  add(): void {
    const id =
      this.below(2 ** 31)
        .toString(16)
        .padStart(8, "0") + (this.#made++).toString(16).padStart(56, "0");
    this.#put(this.#made, id, this.pick(this.nodes), this.#time(300 * 24 * HOUR));
  }

  /** The same container looks different. */
  change(): void {
    const old = this.some();
    if (old === undefined) return;
    this.remove(old);
    this.#put(this.below(this.#made), old.summary.Id, old.node, old.inspect.Created);
  }

  /** The same container in another state: its ID, names and labels stay. @param moves it says that it was created at another time, too */
  restate(moves = false): void {
    const old = this.some();
    if (old === undefined) return;
    const { summary, inspect } = old;
    const now: ContainerView = {
      ...old,
      summary: { ...summary, Image: this.pick([summary.Image, "swarm"]), Ports: [] },
      inspect: { ...inspect, State: this.#state(), Created: moves ? this.#time(HOUR) : inspect.Created },
    };
    this.containers.set(summary.Id, now);
    this.listing.replace(old, now);
  }

  remove(old = this.some()): void {
    if (old === undefined) return;
    this.containers.delete(old.summary.Id);
    this.listing.remove(old);
  }

  changeNode(): void {
    const changed = this.pick(this.nodes);
    const kind = this.below(4);
    if (kind === 0) changed.state = this.pick(["Healthy", "Healthy", "Unhealthy", "Pending"]);
    else if (kind === 1) changed.name = `node-${this.below(9)}`;
    else if (kind === 2) changed.ip = `10.0.0.${this.below(9)}`;
    else changed.clockDeltaMs = this.pick([0, 0, 5_000, -90_000, 3_600_123]);
  }

  /** Mostly forwards. */
  passTime(): void {
    const much = this.pick([1, 999, 1_000, 20_000, 60_000, HOUR / 2, 5 * HOUR]);
    this.nowMs += this.chance(0.1) ? -this.below(much) : this.below(much + 1);
  }

  #put(number: number, id: string, on: NodeView, createdAt: string): void {
    const name = `${this.pick(["web", "db", "möwe"])}-${number % 40}`;
    const made = container({
      id,
      name,
      node: on,
      created: createdAt,
      image: this.pick(["busybox", "busybox:1.36", "swarm", "swarm:1.2.9", "swarmer"]),
      imageId: this.pick(["sha256:1", "sha256:2"]),
      state: this.#state(),
      labels: { tier: this.pick(["front", "back"]), [`only-${number % 7}`]: 'a "quoted" text' },
      summary: {
        Ports: this.chance(0.3)
          ? [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8_000 + (number % 9), Type: "tcp" }]
          : [],
        NetworkSettings: {
          Networks: { [this.pick(["bridge", "app"])]: { NetworkID: this.pick(["aa11", "bb22"]) } },
        },
      },
    });
    this.containers.set(id, made);
    this.listing.add(made);
  }

  #state(): ContainerState {
    const at = { StartedAt: this.#time(3 * HOUR), FinishedAt: this.#time(50 * HOUR) };
    return this.pick([
      state(at),
      state(at),
      state({ ...at, Paused: true }),
      state({ ...at, Health: { Status: this.pick(["healthy", "starting", "none", 'odd "one"']) } }),
      state({ ...at, Running: true, Restarting: true, ExitCode: 7 }),
      state({ ...at, Running: false, Status: "exited", ExitCode: this.below(3) }),
      state({ ...at, Running: false, Dead: true }),
      created,
    ]);
  }

  #time(within: number): string {
    const at = new Date(this.nowMs - this.below(within));
    return this.chance(0.5) ? at.toISOString() : at.toISOString().replace("Z", `${this.below(1e6)}Z`);
  }
}
