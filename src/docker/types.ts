/**
 * Docker's wire types, in Docker's PascalCase, only as far as we read them. Every object may hold more: what we do not name
 * travels untouched (index signatures say so).
 * @see https://docs.docker.com/reference/api/engine/
 */

export type Unknown = Record<string, unknown>;

export interface WirePortBinding {
  HostIp?: string;
  HostPort?: string;
}
export type WirePortMap = Record<string, WirePortBinding[] | null>;

export interface HostConfig extends Unknown {
  Memory?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  CpuShares?: number;
  NanoCpus?: number;
  NetworkMode?: string;
  PidMode?: string;
  IpcMode?: string;
  PortBindings?: WirePortMap | null;
  PublishAllPorts?: boolean;
  Links?: string[] | null;
  VolumesFrom?: string[] | null;
  Binds?: string[] | null;
  AutoRemove?: boolean;
}

/** `POST /containers/create` body. */
export interface ContainerCreateBody extends Unknown {
  Image?: string;
  Env?: string[] | null;
  Labels?: Record<string, string> | null;
  ExposedPorts?: Record<string, unknown> | null;
  HostConfig?: HostConfig | null;
  NetworkingConfig?: ({ EndpointsConfig?: Record<string, unknown> | null } & Unknown) | null;
}

/** An entry of `GET /containers/json`. */
export interface ContainerSummary extends Unknown {
  Id: string;
  Names: string[] | null;
  Image: string;
  ImageID: string;
  Command: string;
  /** Unix seconds. */
  Created: number;
  Ports: { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[] | null;
  Labels: Record<string, string> | null;
  State: string;
  Status: string;
  HostConfig?: { NetworkMode?: string } & Unknown;
  NetworkSettings?: { Networks?: Record<string, { NetworkID?: string } & Unknown> | null } & Unknown;
  Mounts?: ({ Type?: string; Name?: string; Destination?: string } & Unknown)[] | null;
}

/** `GET /containers/{id}/json`, `State` part. Times are RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` means never. */
export interface ContainerState extends Unknown {
  Status: string;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled?: boolean;
  Dead: boolean;
  Pid?: number;
  ExitCode: number;
  Error?: string;
  StartedAt: string;
  FinishedAt: string;
  Health?: { Status: string } & Unknown;
}

/** `GET /containers/{id}/json`. */
export interface ContainerInspect extends Unknown {
  Id: string;
  /** RFC 3339 with nanoseconds. */
  Created: string;
  Name: string;
  Image: string;
  State: ContainerState;
  ExecIDs?: string[] | null;
  HostConfig: HostConfig;
  Config: {
    Image?: string;
    Labels?: Record<string, string> | null;
    ExposedPorts?: Record<string, unknown> | null;
    Env?: string[] | null;
  } & Unknown;
  NetworkSettings?: {
    Ports?: WirePortMap | null;
    Networks?: Record<string, { NetworkID?: string } & Unknown> | null;
  } & Unknown;
}

/** An entry of `GET /images/json`. */
export interface ImageSummary extends Unknown {
  Id: string;
  ParentId?: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  /** Unix seconds. */
  Created: number;
  Size: number;
  VirtualSize?: number;
  SharedSize?: number;
  Containers?: number;
  Labels: Record<string, string> | null;
}

/** An entry of `GET /networks`. */
export interface NetworkSummary extends Unknown {
  Id: string;
  Name: string;
  /** `local`, `swarm` or `global`. */
  Scope: string;
  Driver: string;
}

/** An entry of `GET /volumes`. */
export interface VolumeSummary extends Unknown {
  Name: string;
  Driver: string;
  Scope?: string;
}

/** `GET /info`. */
export interface EngineInfo extends Unknown {
  ID: string;
  Name: string;
  NCPU: number;
  MemTotal: number;
  Driver?: string;
  KernelVersion?: string;
  OperatingSystem?: string;
  OSType?: string;
  Architecture?: string;
  ServerVersion?: string;
  /** RFC 3339. */
  SystemTime?: string;
  Labels?: string[] | null;
  ExperimentalBuild?: boolean;
}

/** `GET /version`. */
export interface EngineVersion extends Unknown {
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  Os?: string;
  Arch?: string;
}

/** A message of `GET /events`. */
export interface EngineEvent extends Unknown {
  status?: string;
  id?: string;
  from?: string;
  Type?: string;
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> | null };
  scope?: string;
  /** Unix seconds. */
  time?: number;
  timeNano?: number | bigint;
}
