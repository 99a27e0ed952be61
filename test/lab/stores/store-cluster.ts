import { randomInt } from "node:crypto";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";
import { StoreServer } from "./store-server.ts";
import type { Home, ServerKind } from "./store-server.ts";

/** Where one member of a cluster listens. */
export interface MemberPlace {
  /** 1, 2, 3. */
  readonly number: number;
  /** One of 127.0.0.0/8, no other member has it. */
  readonly ip: string;
  /** Three ports that were free there. */
  readonly ports: readonly [number, number, number];
}

/** One server of several that keep the same data. */
export interface ClusterMember {
  readonly server: StoreServer;
  /** Where clients find it: `127.5.6.1:40123`. */
  readonly address: string;
}

/** How the members of one kind of cluster run. */
export interface ClusterKind {
  /** How one of them is started, knowing all of them. */
  readonly member: (place: MemberPlace, all: readonly MemberPlace[]) => ServerKind;
  /** What clients are told. */
  readonly clientPort: (place: MemberPlace) => number;
  /** Whether this member leads, as it says itself; `false` when it does not answer. */
  readonly leads: (place: MemberPlace) => Promise<boolean>;
}

/** Three servers, each of which can be killed, frozen and started again. Two of them are enough to serve. */
export class StoreCluster implements AsyncDisposable {
  readonly members: readonly ClusterMember[];
  readonly #places: readonly MemberPlace[];
  readonly #kind: ClusterKind;

  private constructor(kind: ClusterKind, places: readonly MemberPlace[], members: readonly ClusterMember[]) {
    this.#kind = kind;
    this.#places = places;
    this.members = members;
  }

  /** Starts three empty servers and waits until all of them serve. */
  static async start(home: Home, kind: ClusterKind): Promise<StoreCluster> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await StoreCluster.#startAt(home, kind, await choosePlaces());
      } catch (error) {
        // Somebody who listens at every address took one of the ports since they were chosen.
        if (attempts === 3 || !/address already in use/i.test(String(error))) throw error;
      }
    }
  }

  static async #startAt(
    home: Home,
    kind: ClusterKind,
    places: readonly MemberPlace[],
  ): Promise<StoreCluster> {
    const members = places.map((place) => ({
      server: new StoreServer(home, kind.member(place, places)),
      address: `${place.ip}:${String(kind.clientPort(place))}`,
    }));
    const cluster = new StoreCluster(kind, places, members);
    try {
      await cluster.restart();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As a URL names them: `127.5.6.1:40123,127.5.6.2:40124,127.5.6.3:40125`. */
  get addresses(): string {
    return this.members.map(({ address }) => address).join(",");
  }

  /** The member that leads now; waits for one to be elected. */
  async leader(): Promise<ClusterMember> {
    return await eventually("the cluster has a leader", async () => {
      for (const [index, member] of this.members.entries()) {
        if (member.server.running && (await this.#kind.leads(this.#places[index]!))) return member;
      }
      return undefined;
    });
  }

  /** Starts all of them again, with their data unless that is to be lost. */
  async restart(options: { readonly empty?: boolean } = {}): Promise<void> {
    await this.kill();
    await settled(this.members.map(({ server }) => server.restart(options)));
  }

  /** Kills all of them. */
  async kill(): Promise<void> {
    await settled(this.members.map(({ server }) => server.kill()));
  }

  freeze(): void {
    for (const { server } of this.members) server.freeze();
  }

  thaw(): void {
    for (const { server } of this.members) server.thaw();
  }

  /** Undoes every fault on every member. */
  async recover(): Promise<void> {
    this.thaw();
    const dead = this.members.filter(({ server }) => !server.running);
    await settled(dead.map(({ server }) => server.restart()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await settled(this.members.map(({ server }) => server[Symbol.asyncDispose]()));
  }
}

/** Waits for all, also when one fails: nothing is still starting when the others are removed. */
async function settled(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/**
 * An address each from a corner of 127.0.0.0/8 that hardly anybody else is in, so that clusters on one machine do not
 * meet, and a port that was free stays free: connections from this machine begin at 127.0.0.1.
 */
async function choosePlaces(): Promise<readonly MemberPlace[]> {
  const corner = `127.${String(randomInt(1, 255))}.${String(randomInt(1, 255))}`;
  return await Promise.all(
    [1, 2, 3].map(async (number) => {
      const ip = `${corner}.${String(number)}`;
      const ports = [await freePort(ip), await freePort(ip), await freePort(ip)] as const;
      return { number, ip, ports };
    }),
  );
}
