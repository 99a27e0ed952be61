import type { RescheduleOptions } from "./reschedule/ports.ts";
import type { TlsSettings } from "./tls/identity.ts";
import type { FilterName, SchedulingRules, StrategyName } from "./scheduler/types.ts";

/** Where to listen (`-H`). */
export type ListenAddress =
  | { readonly proto: "tcp"; readonly host: string; readonly port: number; readonly addr: string }
  | { readonly proto: "unix"; readonly path: string; readonly addr: string };

/** `debug info warn error fatal panic` as the contract names them, mapped to pino's. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

/** Everything `swarm manage` was told, validated and frozen (spec: cli.md §5). */
export interface ManageConfig {
  /** As given, e.g. `nodes://10.0.0.[1:3]:2375`. */
  readonly discovery: string;
  /** Key/value pairs of `--discovery-opt`. */
  readonly discoveryOptions: Readonly<Record<string, string>>;
  readonly hosts: readonly ListenAddress[];
  /** Undefined: plain HTTP on every channel. */
  readonly tls: TlsSettings | undefined;
  /** `--authz-policy`: path of the policy file; `""`: whoever gets in may do everything. */
  readonly authzPolicy: string;
  /** `--replication`; undefined: there are no other managers. */
  readonly replication: ReplicationSettings | undefined;
  readonly strategy: StrategyName;
  /** In the order to apply. */
  readonly filters: readonly FilterName[];
  readonly heartbeatMs: number;
  readonly engine: EngineSettings;
  readonly cors: boolean;
  readonly cluster: ClusterOptions;
  readonly refreshOnNodeFilter: boolean;
  /** `""`: off. */
  readonly containerNameRefreshFilter: string;
  readonly debug: boolean;
  readonly experimental: boolean;
  readonly logLevel: LogLevel;
}

/** Several managers over one cluster (spec: ha.md). */
export interface ReplicationSettings {
  /** `host:port` that other managers reach this one at; the value of the leader key. */
  readonly advertise: string;
  /** How long the leader's lock lives without it, milliseconds. */
  readonly ttlMs: number;
}

/** How engines are watched (spec: node-lifecycle.md §4). */
export interface EngineSettings {
  readonly refreshMinMs: number;
  readonly refreshMaxMs: number;
  readonly failureRetry: number;
}

/** `--cluster-opt` (spec: cli.md §5.5; the keys below `swarm.createretry` are ours). */
export interface ClusterOptions {
  /** `swarm.overcommit`, default 0.05, > -1. */
  readonly overcommit: number;
  /** `swarm.createretry`, default 0. */
  readonly createRetry: number;
  /** `swarm.rules=classic|modern`. */
  readonly rules: SchedulingRules;
  /** `swarm.memoryreservation=true`: `MemoryReservation` counts where no `Memory` limit is set (scheduling.md B8). */
  readonly countMemoryReservation: boolean;
  /** `swarm.strictlabels=true`: malformed `com.docker.swarm.*` labels are a 400 instead of a warning (B10). */
  readonly strictLabels: boolean;
  /** `swarm.pullnodes`: constraint expressions; `docker pull` reaches the nodes that meet them all. Empty: every node. */
  readonly pullNodes: readonly string[];
  /** `swarm.followimage`: whether an image no registry has is copied between nodes. */
  readonly followImage: FollowImage;
  /** `swarm.buildernode`: a node name or a constraint expression for builds that name no node; `""`: the scheduler's choice. */
  readonly builderNode: string;
  readonly reschedule: RescheduleOptions;
  /** `swarm.leader-wait`: how long a replica lets a request wait for a primary, milliseconds. */
  readonly leaderWaitMs: number;
}

/**
 * `fallback`: copied to the chosen node when no node that has it can take the container; `always`: copied to the chosen node, so that
 * the strategy decides; `never`: the container goes where the image is, or fails.
 */
export type FollowImage = "fallback" | "always" | "never";
