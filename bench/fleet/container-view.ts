import { CONFIG_DEFAULTS, fullHostConfig, hostConfigText, networkMode } from "./config-defaults.ts";
import { humanDuration, rfc3339 } from "./clock.ts";
import { randomId, stableId } from "./ids.ts";
import type { EngineState } from "./state.ts";
import type { Endpoint, PublishedPort, SimContainer } from "./types.ts";

/** The image's layers below a container, as long as a real engine writes them. */
const LOWER_LAYERS = ["a", "b", "c", "d"]
  .map((layer) => `/var/lib/docker/overlay2/${stableId(layer)}/diff`)
  .join(":");

function graphDriver(id: string): object {
  const layer = `/var/lib/docker/overlay2/${id}`;
  const Data = {
    LowerDir: `${layer}-init/diff:${LOWER_LAYERS}`,
    ...{ MergedDir: `${layer}/merged`, UpperDir: `${layer}/diff`, WorkDir: `${layer}/work` },
  };
  return { Data, Name: "overlay2" };
}

/** An entry of `GET /containers/json`. */
export function containerSummary(
  state: EngineState,
  container: SimContainer,
  linkNames: readonly string[],
): object {
  const { config, hostConfig, mounts } = container;
  return {
    Id: container.id,
    Names: [`/${container.name}`, ...linkNames],
    Image: config.Image,
    ImageID: container.imageId,
    Command: container.argv.join(" "),
    Created: Math.floor(container.createdMs / 1000),
    Ports: summaryPorts(container),
    Labels: config.Labels ?? {},
    State: container.status,
    Status: statusText(container, state.clock.now()),
    HostConfig: { NetworkMode: networkMode(hostConfig.NetworkMode) },
    NetworkSettings: { Networks: networkMap(state, container) },
    Mounts: mounts,
  };
}

/** `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`. */
export function statusText(container: SimContainer, nowMs: number): string {
  const { status, health } = container;
  const up = humanDuration(nowMs - container.startedMs);
  const ended = humanDuration(nowMs - container.finishedMs);
  switch (status) {
    case "running":
      return health === undefined
        ? `Up ${up}`
        : `Up ${up} (${health === "starting" ? "health: starting" : health})`;
    case "paused":
      return `Up ${up} (Paused)`;
    case "restarting":
      return `Restarting (${container.exitCode}) ${ended} ago`;
    case "exited":
      return `Exited (${container.exitCode}) ${ended} ago`;
    case "created":
      return "Created";
    case "dead":
      return "Dead";
  }
}

/** A binding without an address is bound on both families. */
const addressesOf = ({ hostIp }: PublishedPort): string[] => (hostIp === "" ? ["0.0.0.0", "::"] : [hostIp]);

function summaryPorts(container: SimContainer): object[] {
  if (container.status !== "running" && container.status !== "paused") return [];
  const split = (port: string): { PrivatePort: number; Type: string } => {
    const [number, type = "tcp"] = port.split("/");
    return { PrivatePort: Number(number), Type: type };
  };
  const published = container.ports.flatMap((port) => {
    const { PrivatePort, Type } = split(port.containerPort);
    return addressesOf(port).map((IP) => ({ IP, PrivatePort, PublicPort: port.hostPort, Type }));
  });
  const bound = new Set(container.ports.map(({ containerPort }) => containerPort));
  const exposed = Object.keys(container.config.ExposedPorts ?? {}).filter((port) => !bound.has(port));
  return [...exposed.map(split), ...published];
}

function networkMap(state: EngineState, { endpoints, status }: SimContainer): Record<string, object> {
  return Object.fromEntries(
    endpoints.map((endpoint) => {
      const view = endpointView(state, endpoint);
      // Until its first start a container has names of networks only.
      return [endpoint.network, status === "created" ? { ...view, NetworkID: "" } : view];
    }),
  );
}

function endpointView(state: EngineState, { network, aliases, id, ip }: Endpoint): object {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: aliases,
    NetworkID: state.networkIdOf(network),
    EndpointID: id,
    Gateway: ip === "" ? "" : "172.17.0.1",
    IPAddress: ip,
    IPPrefixLen: ip === "" ? 0 : 16,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    MacAddress: macOf(ip),
    DriverOpts: null,
  };
}

const macOf = (ip: string): string =>
  ip === ""
    ? ""
    : `02:42:${ip
        .split(".")
        .map((part) => Number(part).toString(16).padStart(2, "0"))
        .join(":")}`;

/** `GET /containers/{id}/json`. */
export function containerInspect(state: EngineState, container: SimContainer): object {
  const { before, after } = aroundHostConfig(state, container);
  return { ...before, HostConfig: fullHostConfig(container.hostConfig), ...after };
}

/** The same as text, without building what many containers have in common again. */
export function inspectText(state: EngineState, container: SimContainer): string {
  const { before, after } = aroundHostConfig(state, container);
  const head = JSON.stringify(before).slice(0, -1);
  return `${head},"HostConfig":${hostConfigText(container.hostConfig)},${JSON.stringify(after).slice(1)}`;
}

/** What an inspect answer has before and after its `HostConfig`. */
function aroundHostConfig(state: EngineState, container: SimContainer): { before: object; after: object } {
  const { id, status, argv } = container;
  const directory = `/var/lib/docker/containers/${id}`;
  const isRunning = status === "running" || status === "paused";
  const started = container.startedMs !== 0;
  const path = (name: string): string => (started ? `${directory}/${name}` : "");
  const before = {
    Id: id,
    Created: rfc3339(container.createdMs),
    Path: argv[0] ?? "",
    Args: argv.slice(1),
    State: stateView(container, isRunning),
    Image: container.imageId,
    ResolvConfPath: path("resolv.conf"),
    HostnamePath: path("hostname"),
    HostsPath: path("hosts"),
    LogPath: path(`${id}-json.log`),
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: container.execIds?.length ? container.execIds : null,
  };
  const after = {
    GraphDriver: graphDriver(id),
    Mounts: container.mounts,
    Config: { Hostname: id.slice(0, 12), ...CONFIG_DEFAULTS, ...container.config },
    NetworkSettings: networkSettings(state, container, isRunning),
  };
  return { before, after };
}

const stateView = (container: SimContainer, isRunning: boolean): object => ({
  Status: container.status,
  Running: isRunning || container.status === "restarting",
  Paused: container.status === "paused",
  Restarting: container.status === "restarting",
  OOMKilled: false,
  Dead: container.status === "dead",
  Pid: container.pid,
  ExitCode: container.exitCode,
  Error: container.error,
  StartedAt: rfc3339(container.startedMs),
  FinishedAt: rfc3339(container.finishedMs),
  ...(container.health !== undefined && {
    Health: { Status: container.health, FailingStreak: 0, Log: [] },
  }),
});

function networkSettings(state: EngineState, container: SimContainer, isRunning: boolean): object {
  const bridge = container.endpoints.find(({ network }) => network === "bridge");
  const { EndpointID, Gateway, IPAddress, IPPrefixLen, MacAddress } = (
    bridge
      ? endpointView(state, bridge)
      : { EndpointID: "", Gateway: "", IPAddress: "", IPPrefixLen: 0, MacAddress: "" }
  ) as Record<string, unknown>;
  return {
    ...{ Bridge: "", SandboxID: isRunning ? sandboxOf(container.id) : "", HairpinMode: false },
    ...{ LinkLocalIPv6Address: "", LinkLocalIPv6PrefixLen: 0, Ports: isRunning ? portMap(container) : {} },
    ...{ SandboxKey: isRunning ? `/var/run/docker/netns/${container.id.slice(0, 12)}` : "" },
    ...{ SecondaryIPAddresses: null, SecondaryIPv6Addresses: null, EndpointID, Gateway },
    ...{ GlobalIPv6Address: "", GlobalIPv6PrefixLen: 0, IPAddress, IPPrefixLen, IPv6Gateway: "", MacAddress },
    Networks: networkMap(state, container),
  };
}

/** Another 64 digits that belong to this ID. */
const sandboxOf = (id: string): string => `${id.slice(32)}${id.slice(0, 32)}`;

function portMap({
  config,
  ports,
}: SimContainer): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of Object.keys(config.ExposedPorts ?? {})) map[port] = null;
  for (const port of ports) {
    const bindings = addressesOf(port).map((HostIp) => ({ HostIp, HostPort: String(port.hostPort) }));
    map[port.containerPort] = [...(map[port.containerPort] ?? []), ...bindings];
  }
  return map;
}

/** `GET /containers/{id}/top`. */
export function topView({ pid, argv }: SimContainer): object {
  return {
    Processes: [["root", String(pid), "1", "0", "00:00", "?", "00:00:00", argv.join(" ")]],
    Titles: ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
  };
}

/** One sample of `GET /containers/{id}/stats`. */
export function statsView(state: EngineState, container: SimContainer): object {
  const cpu = {
    cpu_usage: {
      total_usage: 34_279_696,
      percpu_usage: [34_279_696],
      usage_in_kernelmode: 0,
      usage_in_usermode: 0,
    },
    ...{ system_cpu_usage: Math.floor(performance.now() * 1e6), online_cpus: state.cpus },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  };
  return {
    ...{
      read: rfc3339(state.clock.now()),
      preread: rfc3339(state.clock.now() - 1000),
      pids_stats: { current: 1 },
    },
    ...{ blkio_stats: {}, num_procs: 0, storage_stats: {}, cpu_stats: cpu, precpu_stats: cpu },
    memory_stats: { usage: 483_328, max_usage: 4_075_520, stats: { cache: 0 }, limit: state.memoryBytes },
    ...{ name: `/${container.name}`, id: container.id },
    networks: {
      eth0: {
        rx_bytes: 0,
        rx_packets: 0,
        rx_errors: 0,
        rx_dropped: 0,
        tx_bytes: 0,
        tx_packets: 0,
        tx_errors: 0,
        tx_dropped: 0,
      },
    },
  };
}

/** The ID of an image commit or import makes. */
export const newImageId = (): string => `sha256:${randomId()}`;
