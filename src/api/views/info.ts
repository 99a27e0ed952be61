import { formatBytes } from "../../scheduler/format-bytes.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import { secondsTimestamp } from "./timestamp.ts";
import type { NodeView } from "./types.ts";

/** What `/info` says beyond the engines themselves. */
export interface InfoInput {
  /** All engines, pending ones included, in any order. */
  readonly nodes: readonly NodeView[];
  /** (engine, image) pairs with a tag or digest. */
  readonly images: number;
  readonly role: "primary" | "replica";
  /** The leader's address; shown by replicas. */
  readonly primary: string;
  readonly strategy: string;
  readonly filters: readonly string[];
  /** Open `/events` streams. */
  readonly eventListeners: number;
  /** `swarm/<version>` */
  readonly serverVersion: string;
  readonly debug: boolean;
  readonly experimental: boolean;
  readonly nowMs: number;
  readonly manager: {
    readonly hostName: string;
    readonly kernelVersion: string;
    /** Go's names: `linux`, `amd64`. */
    readonly os: string;
    readonly arch: string;
    readonly httpProxy: string;
    readonly httpsProxy: string;
    readonly noProxy: string;
  };
}

type StatusRow = readonly [key: string, value: string];

/** `GET /info`: one engine as big as the cluster, its engines as SystemStatus rows (api.md §6.2). What a cluster has no answer for is zero. */
export const infoBody = (input: InfoInput): Readonly<Record<string, unknown>> =>
  infoBodyWith(input, systemStatus(input));

/** {@link infoBody}, its SystemStatus given. */
export function infoBodyWith(input: InfoInput, systemStatus: unknown): Readonly<Record<string, unknown>> {
  const { manager } = input;
  const validated = input.nodes.filter(({ state }) => state !== "Pending");
  const sum = (of: (node: NodeView) => number): number =>
    validated.reduce((total, node) => total + of(node), 0);
  const noCommit = { ID: "", Expected: "" };
  return {
    ID: "",
    Containers: sum(({ containers }) => containers.total),
    ContainersRunning: sum(({ containers }) => containers.running),
    ContainersPaused: sum(({ containers }) => containers.paused),
    ContainersStopped: sum(({ containers }) => containers.stopped),
    Images: input.images,
    Driver: "",
    DriverStatus: null,
    SystemStatus: systemStatus,
    Plugins: { Volume: null, Network: null, Authorization: null, Log: null },
    MemoryLimit: true,
    SwapLimit: true,
    KernelMemory: false,
    KernelMemoryTCP: false,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: false,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: input.debug,
    NFd: 0,
    OomKillDisable: true,
    NGoroutines: 0,
    SystemTime: new Date(input.nowMs).toISOString().replace("Z", "000000Z"),
    LoggingDriver: "",
    CgroupDriver: "",
    NEventsListener: input.eventListeners,
    KernelVersion: manager.kernelVersion,
    OperatingSystem: manager.os,
    OSType: "",
    Architecture: manager.arch,
    IndexServerAddress: "",
    RegistryConfig: null,
    NCPU: sum(({ totalCpus }) => totalCpus),
    MemTotal: sum(({ totalMemoryBytes }) => totalMemoryBytes),
    GenericResources: null,
    DockerRootDir: "",
    HttpProxy: manager.httpProxy,
    HttpsProxy: manager.httpsProxy,
    NoProxy: manager.noProxy,
    Name: manager.hostName,
    Labels: null,
    ExperimentalBuild: input.experimental,
    ServerVersion: input.serverVersion,
    ClusterStore: "",
    ClusterAdvertise: "",
    Runtimes: null,
    DefaultRuntime: "",
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    },
    LiveRestoreEnabled: false,
    Isolation: "",
    InitBinary: "",
    ContainerdCommit: noCommit,
    RuncCommit: noCommit,
    InitCommit: noCommit,
    SecurityOptions: null,
    Warnings: null,
  };
}

export type StatusInput = Pick<InfoInput, "nodes" | "role" | "primary" | "strategy" | "filters">;

/** The rows, in the order and wording scripts have parsed for years. */
export const systemStatus = (input: StatusInput): readonly StatusRow[] => [
  ...headRows(input),
  ...[...input.nodes].sort(byName).flatMap(nodeRows),
];

/** The order of the nodes' rows. */
export const byName = (a: NodeView, b: NodeView): number =>
  compareNatural(a.name, b.name) || compareNatural(a.addr, b.addr);

/** What stands above the nodes. */
export const headRows = (input: StatusInput): readonly StatusRow[] => [
  ["Role", input.role],
  ...(input.role === "replica" ? ([["Primary", input.primary]] as const) : []),
  ["Strategy", input.strategy],
  ["Filters", input.filters.join(", ")],
  ["Nodes", String(input.nodes.length)],
];

/** One node's. */
export function nodeRows(node: NodeView): readonly StatusRow[] {
  const labels = [...node.labels].map(([key, value]) => `${key}=${value}`).sort();
  const details: readonly StatusRow[] = [
    ["ID", node.id],
    ["Status", node.state],
    ...(isActive(node) ? [] : ([["Availability", node.availability ?? ""]] as const)),
    ["Containers", containerCounts(node)],
    ["Reserved CPUs", `${node.reservedCpus} / ${node.totalCpus}`],
    ["Reserved Memory", `${formatBytes(node.reservedMemoryBytes)} / ${formatBytes(node.totalMemoryBytes)}`],
    ["Labels", labels.join(", ")],
    ...(node.error === "" ? [] : ([["Error", node.error]] as const)),
    ["UpdatedAt", secondsTimestamp(node.updatedAt)],
    ["ServerVersion", node.serverVersion],
  ];
  return [
    [` ${node.name === "" ? "(unknown)" : node.name}`, node.addr],
    ...details.map(([key, value]): StatusRow => [`  └ ${key}`, value]),
  ];
}

const isActive = ({ availability = "active" }: NodeView): boolean => availability === "active";

function containerCounts({ state, containers: { total, running, paused, stopped } }: NodeView): string {
  if (state !== "Healthy") return String(total);
  return `${total} (${running} Running, ${paused} Paused, ${stopped} Stopped)`;
}
