import type { ContainerRecord } from "../cluster/container-record.ts";
import type { Engine } from "../cluster/engine.ts";
import type { ContainerCreateBody } from "../docker/types.ts";
import type { EventNode } from "../events/types.ts";
import type { WantedContainer } from "./wanted/wanted.ts";

/** `--cluster-opt swarm.reschedule-…` (docs/rescheduling.md). */
export interface RescheduleOptions {
  /** `swarm.reschedule-delay`: how long an engine must be lost before its containers move, milliseconds. Default 0: as soon as it is flagged. */
  readonly delayMs: number;
  /** `swarm.reschedule-parallel`: moves under way at once, at least 1. */
  readonly parallel: number;
  /** `swarm.reschedule-timeout`: how long one attempt may take, pulls included, milliseconds. */
  readonly timeoutMs: number;
  /** `swarm.reschedule-retry-max`: the longest pause between two attempts, milliseconds. */
  readonly retryMaxMs: number;
  /** `swarm.reschedule-volumes=remove`: anonymous volumes of a copy that gives way go with it, as in the original. Default: kept. */
  readonly removeVolumes: boolean;
  /**
   * `swarm.reschedule-removed`: how long a node that discovery no longer lists may go on answering before its containers move all the same,
   * milliseconds. Undefined (`never`, the default): as long as it likes.
   */
  readonly removedMs: number | undefined;
}

/** How to make a container somewhere else. */
export interface RecreateOrder {
  readonly wanted: WantedContainer;
  /** What to create: `wanted.create.body` without what belonged to the old container, with the labels of the move. */
  readonly body: ContainerCreateBody;
  /** `name=…&platform=…`, with its present name. */
  readonly query: string;
  /** IDs that go on working as references. */
  readonly replaces: readonly string[];
  /** Engines (`Engine.id`) it must not go to. */
  readonly excludedEngines: ReadonlySet<string>;
  /** The one engine it must go to, if it fits there. */
  readonly target?: Engine;
  /** Asked right before the engine is asked to create. @throws when we may not act any more */
  readonly fence: () => void;
  /** Makes the chosen engine ready before it is asked to create, such as by making a network there. */
  readonly prepare?: (engine: Engine) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Places and creates; does not start. The caller holds the name. Implemented by the API's create, whose retries and image supply it shares. */
export type Recreate = (
  order: RecreateOrder,
) => Promise<{ readonly engine: Engine; readonly containerId: string }>;

/** What rescheduling tells the world, as events of type `swarm` (docs/rescheduling.md lists them). */
export type RescheduleAction =
  | "reschedule_pending"
  | "reschedule_start"
  | "reschedule_done"
  | "reschedule_failed"
  | "reschedule_cancelled"
  | "duplicate_removed"
  | "node_update"
  | "drain_start"
  | "drain_done"
  | "rebalance_start"
  | "rebalance_done";

export interface RescheduleEvent {
  readonly action: RescheduleAction;
  /** The node it is about: where the container is, or was. */
  readonly node: EventNode;
  /** The swarm ID; `""` when it is not about one container. */
  readonly actorId: string;
  /** `name`, `container`, `from`, `to`, `reason`, `error` … as far as they are known. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type Announce = (event: RescheduleEvent) => void;

/** Why a container moves. */
export type MoveReason = "node-failure" | "drain" | "rebalance";

/** One container on its way, or waiting for it: a row of `swarm reschedule ls`. Times are Unix milliseconds. */
export interface PendingMove {
  readonly swarmId: string;
  readonly name: string;
  readonly containerId: string;
  /** Node it leaves. */
  readonly from: string;
  readonly reason: MoveReason;
  /** `waiting`: for its time; `moving`: an attempt is under way; `held`: something outside must change, `lastError` says what. */
  readonly state: "waiting" | "moving" | "held";
  readonly sinceMs: number;
  readonly attempts: number;
  /** `""`: none yet. */
  readonly lastError: string;
  /** Undefined while it is moving or held. */
  readonly nextTryMs: number | undefined;
}

/** A planned move of a container that runs well where it is. */
export interface PlannedMove {
  readonly record: ContainerRecord;
  readonly reason: "drain" | "rebalance";
  /** Where to; undefined: the scheduler's choice. */
  readonly target?: Engine;
  readonly signal: AbortSignal;
}

export type PlannedOutcome =
  | { readonly kind: "moved"; readonly to: Engine; readonly containerId: string }
  /** It is where it was, in the state it was in. */
  | { readonly kind: "stays"; readonly why: string };

export const stays = (why: string): PlannedOutcome => ({ kind: "stays", why });

/** What the operator's endpoints, drain and rebalance ask of rescheduling. */
export interface Moves {
  /** Whether what is wanted is known: before, nothing can be moved, and obstacles mean nothing. */
  readonly ready: boolean;
  /** Everything under way or waiting, oldest first. */
  pending(): readonly PendingMove[];
  /** Tries this one now, whatever its back-off. @returns whether there is one: by swarm ID, container ID or name */
  retry(reference: string): boolean;
  /** Why this container cannot be moved while its engine is well; undefined: it can. */
  obstacle(record: ContainerRecord): string | undefined;
  /** Never rejects. */
  move(move: PlannedMove): Promise<PlannedOutcome>;
}
