/** What a node takes: as operators set it with `swarm node update`. */
export type NodeAvailability = "active" | "pause" | "drain";

/** What a container of a simulated cluster does at its start. */
export type ContainerState = "created" | "running" | "paused" | "exited";

/** A cluster to simulate, as a file describes it and as it is copied from a manager. */
export interface ClusterModel {
  readonly nodes: readonly NodeGroup[];
  /** Names of networks that every node has; those of containers need not be among them. */
  readonly networks: readonly string[];
}

/** So many nodes that differ in nothing but their names. */
export interface NodeGroup {
  /** With `{n}` for the number, from 1, where there are several. */
  readonly name: string;
  readonly count: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the engine, `28.5.1`; `""`: the simulator's own. */
  readonly version: string;
  readonly system: SystemModel;
  readonly availability: NodeAvailability;
  /** Of each node. */
  readonly containers: readonly ContainerGroup[];
}

/** What the built-in labels are made of; `""`: the simulator's own. */
export interface SystemModel {
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly storageDriver: string;
}

/** So many containers of a node that differ in nothing but their names. */
export interface ContainerGroup {
  /** With `{n}` for the number, from 1, where there are several; `{node}` is the node's name. */
  readonly name: string;
  readonly count: number;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The limit; 0: none. */
  readonly memoryBytes: number;
  /** What it may use at least; 0: nothing. */
  readonly memoryReservationBytes: number;
  /** Limit in CPUs, 0.5 is half of one; 0: none. */
  readonly cpus: number;
  readonly ports: readonly PortModel[];
  readonly state: ContainerState;
  /** Of one that has exited. */
  readonly exitCode: number;
  /** `""`: the default one. */
  readonly network: string;
}

/** One published port. */
export interface PortModel {
  /** `""`: every address of the node. */
  readonly hostIp: string;
  /** A port or a range, `8000-8010`; `""`: any free one. */
  readonly hostPort: string;
  /** `80/tcp` */
  readonly containerPort: string;
}
