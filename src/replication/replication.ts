import type { Logger } from "pino";
import type { Store } from "../store/store.ts";
import { messages } from "../telemetry/messages.ts";
import { systemReplicationClock, type ReplicationClock } from "./clock.ts";
import { Election } from "./election.ts";
import { Follower } from "./follower.ts";
import { LEADER_KEY } from "./keys.ts";
import type { Leadership } from "./leadership.ts";
import type { ManagerRole, Peer } from "./manager-role.ts";
import { Peers } from "./peers.ts";

export interface ReplicationOptions {
  readonly store: Store;
  readonly advertise: string;
  readonly ttlMs: number;
  /** See {@link ElectionOptions}. */
  readonly takeOverMs: number;
  readonly version: string;
  readonly log: Logger;
  readonly clock?: ReplicationClock;
}

/**
 * This manager among its peers: stands for election, follows who was elected, and keeps its entry. What it says of itself is always of one
 * piece: the address of the primary is ours exactly while we lead (spec: ha.md §4 has what happens otherwise).
 */
export class Replication implements ManagerRole, AsyncDisposable {
  readonly replicated = true;
  readonly self: string;
  readonly #election: Election;
  readonly #follower: Follower;
  readonly #peers: Peers;
  readonly #version: string;
  readonly #startedMs: number;
  readonly #log: Logger;
  readonly #listeners = new Set<(address: string) => void>();
  readonly #stop = new AbortController();
  #told = "";
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ReplicationOptions) {
    const { store, advertise, ttlMs, takeOverMs, version, log, clock = systemReplicationClock } = options;
    this.self = advertise;
    this.#version = version;
    this.#startedMs = clock.unixMs();
    this.#log = log;
    this.#election = new Election({
      store,
      key: LEADER_KEY,
      value: advertise,
      ttlMs,
      takeOverMs,
      log,
      clock,
    });
    this.#follower = new Follower({
      store,
      key: LEADER_KEY,
      ttlMs: () => this.ttlMs,
      log,
      clock,
      onChange: () => {
        if (this.#follower.address !== advertise) this.#election.doubt();
        this.#announce();
      },
    });
    this.#peers = new Peers({
      store,
      address: advertise,
      ttlMs,
      version,
      startedMs: this.#startedMs,
      role: () => this.role,
      log,
      clock,
    });
    this.#election.onTerm(({ lost }) => {
      lost.addEventListener("abort", () => this.#announce(), { once: true });
      this.#announce();
    });
  }

  get leadership(): Leadership {
    return this.#election;
  }

  get ttlMs(): number {
    return this.#election.ttlMs;
  }

  get role(): "primary" | "replica" {
    return this.#election.term === undefined ? "replica" : "primary";
  }

  get primary(): string {
    if (this.role === "primary") return this.self;
    // Our own address, and we do not lead: a lock of ours that is just ending, or of the process before us.
    const { address } = this.#follower;
    return address === this.self ? "" : address;
  }

  get peers(): readonly Peer[] {
    const { role, primary } = this;
    const self = { address: this.self, role, version: this.#version, startedMs: this.#startedMs, self: true };
    const others = this.#peers.others.map(({ address, role: said, version, startedMs }): Peer => ({
      address,
      // The lock decides: an entry is behind by up to a third of its life.
      role: said === "primary" && address === primary ? "primary" : "replica",
      version,
      startedMs,
      self: false,
    }));
    return [self, ...others];
  }

  get error(): string {
    return this.#follower.error === "" ? this.#election.error : this.#follower.error;
  }

  /** Calls back whenever the primary's address changes: `""` while there is none. The answer ends it. */
  onPrimary(listener: (address: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes part until the signal. Never rejects. */
  run(signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    const parts = [this.#election, this.#follower, this.#peers].map((part) => part.run(stop));
    const all = Promise.all(parts).then(() => undefined);
    this.#running = all;
    return all;
  }

  /** Gives leadership up at once, so that another manager has it within a second, and waits until the store knows. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #announce(): void {
    const { primary } = this;
    if (primary === this.#told) return;
    this.#told = primary;
    this.#peers.announce();
    if (primary !== "") this.#log.info(messages.newLeader(primary));
    for (const listener of [...this.#listeners]) {
      try {
        listener(primary);
      } catch (error) {
        this.#log.error({ err: error }, "a listener to the change of the primary failed");
      }
    }
  }
}
