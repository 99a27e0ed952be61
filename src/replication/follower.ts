import type { Logger } from "pino";
import { errorText } from "../errors.ts";
import type { Entry, Store } from "../store/store.ts";
import { messages } from "../telemetry/messages.ts";
import { standAgainMs, systemReplicationClock, type ReplicationClock } from "./clock.ts";
import { leaderAddress } from "./leader-address.ts";

/** Of a value that is no address the log shows so many characters. */
const shownLength = 100;

export interface FollowerOptions {
  readonly store: Pick<Store, "watch">;
  /** The lock to follow. */
  readonly key: string;
  /** After so long without the store a leader cannot prove its lease, milliseconds. */
  readonly ttlMs: () => number;
  readonly log: Logger;
  /** Hears of every change of {@link Follower.address}. */
  readonly onChange: () => void;
  readonly clock?: ReplicationClock;
}

/**
 * Who holds the leader's lock, as the store says it. An address is kept only while its holder may still lead: it goes with the lock, and when
 * the store has been silent for a lease.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #clock: ReplicationClock;
  #address = "";
  #error = "";
  #odd = "";
  /** Ends the waiting for the end of the lease; there is one while the store is silent. */
  #outage: AbortController | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemReplicationClock;
  }

  /** `""`: nobody, or unknown. */
  get address(): string {
    return this.#address;
  }

  /** Why the store cannot be read at present; `""` when it can. */
  get error(): string {
    return this.#error;
  }

  /** Follows the lock until the signal. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, key } = this.#options;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        for await (const update of store.watch({ lock: key }, signal)) {
          if (update.kind === "error") {
            this.#silent(update.error);
            continue;
          }
          failures = 0;
          this.#heard(update.entries[0]);
        }
      } catch (error) {
        this.#silent(error); // no store does this; whoever changes one will be glad that we go on
      }
      await this.#clock.pause(standAgainMs(failures, this.#clock), signal);
    }
    this.#outage?.abort();
  }

  #heard(entry: Entry | undefined): void {
    this.#outage?.abort();
    this.#outage = undefined;
    this.#error = "";
    this.#set(entry === undefined ? "" : this.#read(entry));
  }

  #read({ value }: Entry): string {
    const address = leaderAddress(value);
    if (address !== undefined) return address;
    if (value !== this.#odd) {
      this.#options.log.warn({ value: value.slice(0, shownLength) }, messages.leaderNotAnAddress);
    }
    this.#odd = value;
    return "";
  }

  #silent(error: unknown): void {
    this.#error = errorText(error);
    if (this.#outage !== undefined) return;
    this.#options.log.error({ error: this.#error }, messages.leaderWatchClosed);
    const outage = new AbortController();
    this.#outage = outage;
    void this.#clock.pause(this.#options.ttlMs(), outage.signal).then(() => {
      if (!outage.signal.aborted) this.#set("");
    });
  }

  #set(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#options.onChange();
  }
}
