import { networkMode } from "./config-defaults.ts";
import { humanDuration, rfc3339 } from "./clock.ts";
import { randomId } from "./ids.ts";
import type { EngineState } from "./state.ts";
import type { Endpoint, PublishedPort, SimContainer } from "./types.ts";

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
export const addressesOf = ({ hostIp }: PublishedPort): string[] =>
  hostIp === "" ? ["0.0.0.0", "::"] : [hostIp];

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

export function networkMap(state: EngineState, { endpoints, status }: SimContainer): Record<string, object> {
  return Object.fromEntries(
    endpoints.map((endpoint) => {
      const view = endpointView(state, endpoint);
      // Until its first start a container has names of networks only.
      return [endpoint.network, status === "created" ? { ...view, NetworkID: "" } : view];
    }),
  );
}

export function endpointView(state: EngineState, { network, aliases, id, ip }: Endpoint): object {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: aliases,
    NetworkID: state.networkIdOf(network),
    EndpointID: id,
    Gateway: gatewayOf(ip),
    IPAddress: ip,
    IPPrefixLen: prefixOf(ip),
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    MacAddress: macOf(ip),
    DriverOpts: null,
  };
}

export const gatewayOf = (ip: string): string => (ip === "" ? "" : "172.17.0.1");
export const prefixOf = (ip: string): number => (ip === "" ? 0 : 16);
export const macOf = (ip: string): string =>
  ip === ""
    ? ""
    : `02:42:${ip
        .split(".")
        .map((part) => Number(part).toString(16).padStart(2, "0"))
        .join(":")}`;

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
