import type { Logger } from "pino";
import { ErrorPace } from "../../discovery/error-pace.ts";
import type { Discovery, DiscoveryUpdate } from "../../discovery/types.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { hostPort } from "../cluster/engine-address.ts";
import { messages } from "../telemetry/messages.ts";
import {
  nextGuard,
  nothingListed,
  within,
  type GuardEvent,
  type GuardRules,
  type Held,
} from "./entry-guard.ts";
import { systemMembershipClock, type MembershipClock } from "./membership-clock.ts";

/** How often held entries are looked at. */
const reviewMs = 500;
/** So many heartbeats after a failure agents of the usual settings have registered again or are gone: the default TTL. */
const heldHeartbeats = 3;
/** An agent sees at once that its entry is gone, and waits a second before it writes again. */
const longestGraceMs = 3000;
/** Warnings name so many nodes. */
const maxNames = 10;

export interface MembershipDependencies {
  readonly discovery: Pick<Discovery, "description" | "isKeptAlive" | "watch">;
  readonly cluster: {
    setEntries: Cluster["setEntries"];
    engineAt(addr: string): { readonly isHealthy: boolean } | undefined;
  };
  readonly log: Logger;
  /** `--heartbeat`. */
  readonly heartbeatMs: number;
  readonly clock?: MembershipClock;
}

/**
 * Which engines belong to the cluster: follows discovery, keeps what is known while the source cannot be read, and does not take a source that
 * lost its entries for engines that left (spec: discovery.md §8.1; the decisions are in `entry-guard.ts`).
 */
export class Membership {
  readonly #dependencies: MembershipDependencies;
  readonly #clock: MembershipClock;
  readonly #rules: GuardRules;
  readonly #pace: ErrorPace;
  #state = nothingListed;
  /** Why the source cannot be read, since when, and whether the log was told. */
  #failure: { readonly since: Date; readonly text: string; readonly told: boolean } | undefined;
  /** Warnings that came with the last set. */
  #told: readonly string[] = [];
  #stopReviews: (() => void) | undefined;

  constructor(dependencies: MembershipDependencies) {
    const { discovery, heartbeatMs, clock = systemMembershipClock } = dependencies;
    this.#dependencies = dependencies;
    this.#clock = clock;
    this.#pace = new ErrorPace(heartbeatMs);
    this.#rules = {
      isKeptAlive: discovery.isKeptAlive,
      holdMs: heldHeartbeats * heartbeatMs,
      graceMs: Math.min(longestGraceMs, heartbeatMs / 2),
      burstMs: heartbeatMs,
    };
  }

  /** What an operator should know, for `/info`: the source cannot be read, entries are kept although they vanished. */
  get warnings(): readonly string[] {
    const { description } = this.#dependencies.discovery;
    const { entries } = this.#state;
    const held = this.#state.held.filter(({ isGrace }) => !isGrace);
    const warnings: string[] = [];
    if (this.#failure !== undefined) {
      const { since, text } = this.#failure;
      warnings.push(
        `discovery ${description} has not answered since ${rfc3339(since)}: ${text}; the last ${entries.length} nodes stay`,
      );
    }
    if (held.length > 0) {
      const some = held.slice(0, maxNames).map(({ entry }) => entry.address);
      const more = held.length > maxNames ? ` and ${held.length - maxNames} more` : "";
      const end = this.#failure === undefined ? `until ${rfc3339(this.#endOf(held))}` : "for now";
      warnings.push(
        `discovery ${description} no longer lists ${some.join(", ")}${more}: kept ${end}, for the engines answer`,
      );
    }
    return warnings;
  }

  /** Follows discovery until the signal; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for await (const update of this.#dependencies.discovery.watch(signal)) this.#take(update);
    } finally {
      this.#stopReviews?.();
      this.#stopReviews = undefined;
    }
  }

  #take(update: DiscoveryUpdate): void {
    const { discovery, log } = this.#dependencies;
    if (update.kind === "error") {
      const text = update.error.message;
      const news = this.#pace.admits(text, this.#clock.nowMs());
      if (news) log.error(messages.discoveryError(text));
      const { since = this.#clock.date(), told = false } = this.#failure ?? {};
      this.#failure = { since, text, told: told || news };
      this.#decide({ kind: "failed" });
      return;
    }
    const { addresses, warnings } = update;
    const { description } = discovery;
    log.debug({ discovery: description }, messages.discoveryWatch(addresses.length));
    if (this.#failure?.told === true) {
      log.info({ discovery: description, nodes: addresses.length }, "discovery answers again");
    }
    this.#failure = undefined;
    for (const warning of warnings) if (!this.#told.includes(warning)) log.warn(warning);
    this.#told = warnings;
    this.#decide({ kind: "listed", entries: addresses });
  }

  #decide(event: GuardEvent): void {
    const { cluster } = this.#dependencies;
    const before = this.#state;
    const after = nextGuard(before, event, this.#rules, {
      nowMs: this.#clock.nowMs(),
      isAlive: (entry) => cluster.engineAt(hostPort(entry))?.isHealthy === true,
    });
    this.#state = after;
    if (after.entries !== before.entries) cluster.setEntries(after.entries);

    const wasHeld = within(before.held.filter(({ isGrace }) => !isGrace).map(({ entry }) => entry));
    this.#warnOfHeld(after.held.filter(({ entry, isGrace }) => !isGrace && !wasHeld(entry)));
    if (after.held.length === 0) {
      this.#stopReviews?.();
      this.#stopReviews = undefined;
    } else {
      this.#stopReviews ??= this.#clock.every(reviewMs, () => this.#decide({ kind: "reviewed" }));
    }
  }

  #warnOfHeld(held: readonly Held[]): void {
    if (held.length === 0) return;
    const { discovery, log } = this.#dependencies;
    const nodes = held.map(({ entry }) => entry.address);
    log.warn(
      { discovery: discovery.description, nodes, until: rfc3339(this.#endOf(held)) },
      "nodes that discovery no longer lists are kept, for their engines answer",
    );
  }

  /** When the last of these entries is given up, by the time of day. */
  #endOf(held: readonly Held[]): Date {
    const untilMs = Math.max(...held.map((each) => each.untilMs));
    return new Date(this.#clock.date().getTime() + untilMs - this.#clock.nowMs());
  }
}

/** In whole seconds. */
function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
