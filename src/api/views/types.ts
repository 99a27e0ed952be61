import type {
  ContainerInspect,
  ContainerSummary,
  ImageSummary,
  NetworkSummary,
  VolumeSummary,
} from "../../docker/types.ts";
import type { Availability } from "../../scheduler/types.ts";

/** How many containers an engine holds, by what `docker info` tells apart. */
export interface ContainerCounts {
  readonly total: number;
  readonly running: number;
  readonly paused: number;
  readonly stopped: number;
}

/** What the user sees of an engine. Cluster objects satisfy it; the views only read. */
export interface NodeView {
  /** The engine's own name; `""` until it answered once. */
  readonly name: string;
  /** Combined: `<engine ID>|<host:port>`; `""` until it answered once. */
  readonly id: string;
  /** `host:port` */
  readonly addr: string;
  readonly ip: string;
  readonly state: "Pending" | "Healthy" | "Unhealthy";
  /** Whether it takes new containers; absent: it does. */
  readonly availability?: Availability;
  /** The last error's text, `""` when all is well. */
  readonly error: string;
  /** Time of the last contact's result, Unix milliseconds. */
  readonly updatedAt: number;
  readonly serverVersion: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly containers: ContainerCounts;
  /** Whole CPUs promised to containers. */
  readonly reservedCpus: number;
  readonly reservedMemoryBytes: number;
  /** With overcommit (scheduling.md §7.1). */
  readonly totalCpus: number;
  /** With overcommit. */
  readonly totalMemoryBytes: number;
  /** What the machine really has. */
  readonly cpus: number;
  /** What the machine really has. */
  readonly memoryBytes: number;
  /** Manager's clock minus the engine's; 0 when they agree within 2 s (node-lifecycle.md §2). */
  readonly clockDeltaMs: number;
}

/** A container and the engine that holds it. */
export interface ContainerView {
  readonly node: NodeView;
  /** The engine's list entry, as cached. Never mutated. */
  readonly summary: ContainerSummary;
  /** The engine's inspect answer, as cached. Never mutated. */
  readonly inspect: ContainerInspect;
}

/** The images of one engine, from its `all=1` list. */
export interface NodeImages {
  readonly node: NodeView;
  readonly images: Iterable<ImageSummary>;
}

/** One engine's copy of a network. */
export interface NetworkView {
  readonly node: NodeView;
  readonly network: NetworkSummary;
}

/** One engine's volume. */
export interface VolumeView {
  readonly node: NodeView;
  readonly volume: VolumeSummary;
}
