import { expect } from "chai";
import { listNetworks } from "../../../src/api/views/network-list.ts";
import { NetworkListing } from "../../../src/api/views/network-listing.ts";
import { groupNetworks, type NetworkGroup } from "../../../src/api/views/networks.ts";
import type { ContainerView, NodeView } from "../../../src/api/views/types.ts";
import { container, filters, network, node } from "./builders.ts";
import { seeded } from "./listing/world.ts";

/** A cluster's networks and containers that change at random. */
class NetworkWorld {
  readonly random: () => number;
  readonly nodes: (NodeView & { name: string })[] = [];
  readonly containers = new Map<string, ContainerView>();
  readonly listing = new NetworkListing([]);
  groups: readonly NetworkGroup[] = [];
  #made = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
    for (let n = 0; n < 12; n++) this.nodes.push(node({ name: `node-${n}`, port: 5_500 + n }));
    this.regroup();
  }

  pick<T>(things: readonly T[]): T {
    return things[Math.floor(this.random() * things.length)] as T;
  }

  /** Some networks come and go: builtin ones, clones with one ID, ones that span nodes. */
  regroup(): void {
    this.groups = groupNetworks(
      this.nodes.flatMap((owner, n) => [
        network(owner, { Id: `bridge-${n}`, Name: "bridge" }),
        network(owner, { Id: "cloned", Name: "cloned" }),
        ...(this.random() < 0.5 ? [network(owner, { Id: `app-${n % 3}-${n}`, Name: "app" })] : []),
        ...(this.random() < 0.5 ? [network(owner, { Id: "span", Name: "span", Scope: "global" })] : []),
      ]),
    );
  }

  add(): void {
    const owner = this.pick(this.nodes);
    const id = (this.#made++).toString(16).padStart(64, "0");
    const endpoint = () => ({
      NetworkID: this.pick(["cloned", "span", "", ...this.groups.map((group) => group.network.Id)]),
      EndpointID: this.pick(["", "e1", "e2", "e3"]),
      IPAddress: this.pick(["", "10.0.0.1"]),
      IPPrefixLen: 16,
    });
    const Networks = this.pick([{}, { a: endpoint() }, { a: endpoint(), b: endpoint() }]);
    const made = container({
      id,
      name: `c${this.#made}`,
      node: owner,
      summary: { NetworkSettings: { Networks } },
    });
    this.containers.set(id, made);
    this.listing.add(made);
  }

  /** The same container, mostly in the same networks. */
  replace(): void {
    const old = this.pick([...this.containers.values()]);
    const NetworkSettings = this.pick([
      old.summary.NetworkSettings,
      old.summary.NetworkSettings,
      { Networks: {} },
    ]);
    const now = {
      ...old,
      summary: { ...old.summary, State: "exited", ...(NetworkSettings && { NetworkSettings }) },
    };
    this.containers.set(old.summary.Id, now);
    this.listing.replace(old, now);
  }

  remove(): void {
    const gone = this.pick([...this.containers.values()]);
    this.containers.delete(gone.summary.Id);
    this.listing.remove(gone);
  }
}

describe("api/views/network-listing", () => {
  const queries: readonly Readonly<Record<string, readonly string[]>>[] = [
    {},
    { dangling: ["true"] },
    { name: ["app"] },
    { id: ["bridge-1"] },
    { label: [] },
  ];

  for (const seed of [1, 2])
    it(`says what the plain list says, whatever happens (${seed})`, () => {
      const world = new NetworkWorld(seed);
      for (let step = 0; step < 400; step++) {
        const kind = world.random();
        if (kind < 0.5 || world.containers.size === 0) world.add();
        else if (kind < 0.75) world.remove();
        else if (kind < 0.9) world.replace();
        else if (kind < 0.92) world.regroup();
        else if (kind < 0.95) world.pick(world.nodes).name = `node-${step}`;
        else if (kind < 0.96) world.listing.forgetBytes();
        const query = { filters: filters(world.pick([{}, world.pick(queries)])), clientVersion: "1.41" };
        const plain = JSON.stringify(listNetworks(world.groups, world.containers.values(), query));
        expect(Buffer.concat(world.listing.list(world.groups, query)).toString()).to.equal(`${plain}\n`);
      }
    });

  it("makes only that anew which changed", () => {
    const world = new NetworkWorld(3);
    const query = { filters: filters(), clientVersion: undefined };
    const before = new Set(world.listing.list(world.groups, query));
    for (let n = 0; n < 5; n++) {
      const made = container({
        id: `${n}`,
        summary: { NetworkSettings: { Networks: { bridge: { NetworkID: "bridge-1", EndpointID: "e" } } } },
      });
      world.listing.add(made);
    }
    const fresh = world.listing
      .list(world.groups, query)
      .slice(1, -2)
      .filter((piece) => !before.has(piece));
    expect(fresh.length).to.be.at.most(1);
  });

  it("lists nothing as nothing", () => {
    const listing = new NetworkListing([]);
    const text = Buffer.concat(listing.list([], { filters: filters(), clientVersion: undefined })).toString();
    expect(text).to.equal("[]\n");
  });
});
