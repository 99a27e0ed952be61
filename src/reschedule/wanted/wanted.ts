import type { ContainerCreateBody, NetworkSummary, Unknown } from "../../docker/types.ts";

/** The label that says in which order a planned move goes: `start-first` or `stop-first`. Absent: as ports and networks allow. */
export const MOVE_ORDER_LABEL = "com.docker.swarm.move-order";

/** Former IDs that are remembered. */
export const MAX_FORMER_IDS = 64;

/** What its user wants of a container: what it was doing before anything failed. */
export type WantedRun = "running" | "stopped";

/** Where a container was last. */
export interface LastPlace {
  readonly containerId: string;
  /** The engine's own ID, without the address. */
  readonly engineId: string;
  /** `host:port` */
  readonly addr: string;
  /** The node's name. */
  readonly node: string;
}

/** How to make it anew. */
export interface WantedCreate {
  /**
   * As the client gave it, expressions in labels, not yet for one engine (`parseCreate`'s body); without the manager's own labels. Of a container
   * that was not created through us: as read from its engine.
   */
  readonly body: ContainerCreateBody;
  /** `name=…&platform=…`, the name as it was at the create. */
  readonly query: string;
  readonly apiVersion: string | undefined;
}

/** All that must outlive a manager about one container that may be moved. Immutable. */
export interface WantedContainer {
  /** `com.docker.swarm.id`: 64 hex digits; the key. */
  readonly swarmId: string;
  /** Without a leading slash; `""` when it has none. */
  readonly name: string;
  /** `off`: only drain and rebalance move it (`MOVABLE_LABEL`). */
  readonly policy: "on-node-failure" | "off";
  readonly run: WantedRun;
  readonly last: LastPlace;
  /** IDs it had before, newest last; the oldest beyond {@link MAX_FORMER_IDS} are forgotten. */
  readonly formerIds: readonly string[];
  readonly create: WantedCreate;
  /**
   * The networks it is in by name, as endpoints for a create or a connect (aliases, fixed addresses, driver options); those of the create body
   * included. Undefined: not read yet, the create body knows.
   */
  readonly networks: Readonly<Record<string, Unknown>> | undefined;
  /** User-defined networks among them that only its engine had, as that engine listed them: made again where they are missing. */
  readonly localNetworks: readonly NetworkSummary[];
  /** Unix milliseconds of the last change. */
  readonly updatedMs: number;
}
