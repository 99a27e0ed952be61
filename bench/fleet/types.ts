import type { ContainerCreateBody, HostConfig } from "../../src/docker/types.ts";
import type { AttachedClient } from "./attach.ts";
import type { LogBuffer } from "./log-buffer.ts";
import type { Process, StdinQueue } from "./process.ts";
import type { SharedDoor } from "./shared-door.ts";

/** What a simulated engine claims to be. */
export interface EngineVersions {
  /** Highest API version, `1.41`. */
  readonly apiVersion: string;
  /** Lowest API version, `1.12`. */
  readonly minApiVersion: string;
  /** `20.10.24`. */
  readonly serverVersion: string;
}

/** How to start one simulated engine. */
export interface EngineOptions {
  /** The host name it reports, which becomes the node's name. */
  readonly name: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** It is reached through this, at the door's port; each engine has a loopback address of its own then. */
  readonly door?: SharedDoor | undefined;
  /** The engine ID; derived from the name when absent. Two engines with one ID are a cloned machine. */
  readonly id?: string;
  /** Engine labels: `{ region: "us-east" }`, or raw lines for malformed ones. */
  readonly labels?: Readonly<Record<string, string>> | readonly string[];
  /** Default 4. */
  readonly cpus?: number;
  /** Default 8 GiB. */
  readonly memoryBytes?: number;
  /** Default: Debian's 20.10. */
  readonly version?: EngineVersions;
  /** References present from the start; default `busybox:latest`. */
  readonly images?: readonly string[];
  /** References a pull can get; default: a handful of well-known ones. */
  readonly pullable?: readonly string[];
  /** Every image can be pulled, and a command it does not know runs until it is stopped. Default false. */
  readonly anything?: boolean;
  /** What it says of its machine; what is absent is the simulator's own. */
  readonly system?: SystemFacts;
  /** Containers present from the start: so many plain running ones, or these. */
  readonly containers?: number | readonly ContainerSeed[];
  /** How many of the newest requests `requests` keeps; default 200, 0 keeps none. */
  readonly keepRequests?: number;
  /** How many of the newest events `since` can replay; default 256, as dockerd. */
  readonly keepEvents?: number;
}

/** The facts of which managers make the built-in labels. */
export interface SystemFacts {
  readonly operatingSystem?: string;
  readonly kernelVersion?: string;
  readonly storageDriver?: string;
}

/** A container that is there without anybody having created it. */
export interface ContainerSeed {
  readonly name?: string;
  readonly id?: string;
  /** Default `busybox`. */
  readonly image?: string;
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `running`. */
  readonly state?: "created" | "running" | "paused" | "exited";
  readonly exitCode?: number;
  /** Container port to host port: `{ "80/tcp": "8080" }`. */
  readonly ports?: Readonly<Record<string, string>>;
  /** Anything else of a create body's `HostConfig`. */
  readonly hostConfig?: HostConfig;
}

/** One request as the engine saw it. */
export interface RequestRecord {
  readonly method: string;
  /** As sent, with version prefix and query. */
  readonly url: string;
  /** The route's name, e.g. `POST /containers/:id/start`; `404` when none matched. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A published port of a running container. `hostIp` is as asked: `""` means every address. */
export interface PublishedPort {
  readonly hostIp: string;
  readonly hostPort: number;
  /** `80/tcp`. */
  readonly containerPort: string;
}

/** A container's place in a network. */
export interface Endpoint {
  readonly network: string;
  readonly aliases: readonly string[] | null;
  /** `""` while not running. */
  id: string;
  ip: string;
}

export type ContainerStatus = "created" | "running" | "paused" | "restarting" | "exited" | "dead";

/** What a container's events say of it, as long as it has this name. */
export interface ToldAttributes {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A simulated container. Rarely needed parts are created on first use: a fleet holds tens of thousands. Times are unix ms, 0 is never. */
export interface SimContainer {
  readonly id: string;
  name: string;
  readonly createdMs: number;
  readonly imageId: string;
  /** The create body without `HostConfig` and `NetworkingConfig`; may be shared between containers. */
  readonly config: ContainerCreateBody;
  hostConfig: HostConfig;
  readonly argv: readonly string[];
  status: ContainerStatus;
  pid: number;
  exitCode: number;
  error: string;
  startedMs: number;
  finishedMs: number;
  restartCount: number;
  endpoints: Endpoint[];
  ports: readonly PublishedPort[];
  mounts: readonly MountPoint[];
  health?: string;
  /** What its events say of it. */
  told?: ToldAttributes;
  process?: Process | undefined;
  stdin?: StdinQueue | undefined;
  log?: LogBuffer;
  execIds?: string[];
  files?: Map<string, Buffer>;
  /** Output goes to these while they are connected. */
  clients?: Set<AttachedClient>;
  /** Told at each exit and at removal (`wait`). */
  watchers?: Set<(what: "exit" | "removed") => void>;
  /** Somebody asked for the end: restart policies keep out. */
  stopAsked?: boolean;
}

export interface MountPoint {
  readonly Type: "volume" | "bind" | "tmpfs";
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver?: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
}

/** A simulated image. Frozen in spirit: fleets share one object between engines until a tag changes. */
export interface SimImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly createdMs: number;
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly cmd: readonly string[];
  readonly comment: string;
}

export interface SimNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly scope: string;
  readonly createdMs: number;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly ipam: unknown;
}

export interface SimVolume {
  readonly name: string;
  readonly driver: string;
  readonly createdMs: number;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly options: Readonly<Record<string, string>> | null;
}

export interface SimExec {
  readonly id: string;
  readonly container: SimContainer;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly env: readonly string[];
  started: boolean;
  running: boolean;
  exitCode: number | null;
  pid: number;
}
