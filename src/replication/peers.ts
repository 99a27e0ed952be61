import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { ErrorPace } from "../../discovery/error-pace.ts";
import { errorText } from "../errors.ts";
import { StoreError } from "../store/store-error.ts";
import type { Revision, Store } from "../store/store.ts";
import { messages } from "../telemetry/messages.ts";
import { systemReplicationClock, type ReplicationClock } from "./clock.ts";
import { MANAGERS_FOLDER } from "./keys.ts";
import { peerKey, peerValue, readPeer, type PeerEntry } from "./peer-entry.ts";

/** More managers than this are not listed. */
const mostPeers = 100;
/** Entries live at least this long: shorter ones would only be work for the store, milliseconds. */
const shortestEntryMs = 10_000;
/** How long a stopping manager takes to remove its entry at most, milliseconds. */
const removeMs = 1_000;
/** A repeated warning comes after so long, milliseconds. */
const warnAgainMs = 60_000;

export interface PeersOptions {
  readonly store: Pick<Store, "get" | "put" | "delete" | "list">;
  readonly address: string;
  /** `--replication-ttl`, milliseconds: dead managers are listed for about that long. */
  readonly ttlMs: number;
  readonly version: string;
  readonly startedMs: number;
  readonly role: () => "primary" | "replica";
  readonly log: Logger;
  readonly clock?: ReplicationClock;
}

/**
 * Keeps this manager's own entry among the managers of the cluster, and knows the others'. For people only: nothing is decided by it. Finds
 * out when another manager has the same address, for then each believes to be the other.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #clock: ReplicationClock;
  readonly #entryMs: number;
  readonly #pace = new ErrorPace(warnAgainMs);
  readonly #key: string;
  readonly #instance = randomUUID();
  #others: readonly PeerEntry[] = [];
  #listedMs = 0;
  #revision: Revision | undefined;
  #wake = new AbortController();

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemReplicationClock;
    this.#entryMs = Math.min(Math.max(options.ttlMs, shortestEntryMs), 86_400_000);
    this.#key = peerKey(options.address);
  }

  /** The other managers, by address; none when they could not be read for as long as entries live. */
  get others(): readonly PeerEntry[] {
    return this.#clock.nowMs() - this.#listedMs > this.#entryMs ? [] : this.#others;
  }

  /** What our entry says has changed: writes it now, or soon after what is being written. */
  announce(): void {
    this.#wake.abort();
  }

  /** Renews our entry three times in its life and reads the others', until the signal; then removes ours. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.announce(), { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#beat(signal);
      } catch (error) {
        // The follower tells that the store is silent; here nothing hangs on it.
        this.#options.log.debug({ error: errorText(error) }, "the managers' entries could not be kept");
      }
      await this.#clock.pause((this.#entryMs / 3) * (0.8 + 0.2 * this.#clock.random()), this.#wake.signal);
    }
    await this.#remove();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { store, address, version, startedMs, role } = this.#options;
    if (this.#revision !== undefined) await this.#lookForTwin(signal);
    const mine = { address, instance: this.#instance, role: role(), version, startedMs };
    this.#revision = await store.put(this.#key, peerValue(mine), { ttlMs: this.#entryMs, signal });
    const entries = await store.list({ folder: MANAGERS_FOLDER }, { signal });
    this.#others = entries
      .filter(({ key }) => key !== this.#key)
      .slice(0, mostPeers)
      .map(({ key, value }) => readPeer(key, value))
      .filter((peer) => peer !== undefined);
    this.#listedMs = this.#clock.nowMs();
  }

  /** Whoever wrote to our key after us is alive, and is not the process before us. */
  async #lookForTwin(signal: AbortSignal): Promise<void> {
    const { store, address, log } = this.#options;
    const found = await store.get(this.#key, { signal });
    const twin = found && readPeer(found.key, found.value);
    if (twin === undefined || twin.instance === this.#instance) return;
    if (!this.#pace.admits(twin.instance, this.#clock.nowMs())) return;
    log.error(
      { advertise: address, other: { version: twin.version, startedAt: new Date(twin.startedMs) } },
      messages.sameAdvertise,
    );
  }

  async #remove(): Promise<void> {
    const { store } = this.#options;
    if (this.#revision === undefined) return;
    try {
      await store.delete(this.#key, {
        when: { revision: this.#revision },
        signal: AbortSignal.timeout(removeMs),
      });
    } catch (error) {
      const ours = !(error instanceof StoreError && error.kind === "conflict");
      if (ours) this.#options.log.debug({ error: errorText(error) }, "the manager's entry ends by its TTL");
    }
  }
}
