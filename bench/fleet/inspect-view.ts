import { CONFIG_DEFAULTS, fullHostConfig, hostConfigText } from "./config-defaults.ts";
import { rfc3339 } from "./clock.ts";
import { addressesOf, endpointView, gatewayOf, macOf, networkMap, prefixOf } from "./container-view.ts";
import { stableId } from "./ids.ts";
import type { EngineState } from "./state.ts";
import type { SimContainer } from "./types.ts";

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

function graphDriverText(id: string): string {
  const layer = `/var/lib/docker/overlay2/${id}`;
  return (
    `{"Data":{"LowerDir":"${layer}-init/diff:${LOWER_LAYERS}","MergedDir":"${layer}/merged",` +
    `"UpperDir":"${layer}/diff","WorkDir":"${layer}/work"},"Name":"overlay2"}`
  );
}

/** `GET /containers/{id}/json`, in its plain form: what {@link inspectText} must say. */
export function containerInspect(state: EngineState, container: SimContainer): object {
  const { id, argv } = container;
  const directory = `/var/lib/docker/containers/${id}`;
  const started = container.startedMs !== 0;
  const path = (name: string): string => (started ? `${directory}/${name}` : "");
  return {
    Id: id,
    Created: rfc3339(container.createdMs),
    Path: argv[0] ?? "",
    Args: argv.slice(1),
    State: stateView(container),
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
    ExecIDs: execIds(container),
    HostConfig: fullHostConfig(container.hostConfig),
    GraphDriver: graphDriver(id),
    Mounts: container.mounts,
    Config: configView(container),
    NetworkSettings: networkSettings(state, container),
  };
}

/** As text, put together by hand: benchmarks ask for tens of thousands, and this is not what they measure. */
export function inspectText(state: EngineState, container: SimContainer): string {
  const { id, argv, imageId, name, restartCount, hostConfig, mounts } = container;
  const of = container.startedMs === 0 ? undefined : `/var/lib/docker/containers/${id}`;
  const paths =
    of === undefined
      ? '"ResolvConfPath":"","HostnamePath":"","HostsPath":"","LogPath":""'
      : `"ResolvConfPath":"${of}/resolv.conf","HostnamePath":"${of}/hostname","HostsPath":"${of}/hosts","LogPath":"${of}/${id}-json.log"`;
  return (
    `{"Id":"${id}","Created":"${rfc3339(container.createdMs)}","Path":${JSON.stringify(argv[0] ?? "")},"Args":${JSON.stringify(argv.slice(1))},` +
    `"State":${JSON.stringify(stateView(container))},"Image":"${imageId}",${paths},"Name":${JSON.stringify(`/${name}`)},"RestartCount":${restartCount},` +
    `"Driver":"overlay2","Platform":"linux","MountLabel":"","ProcessLabel":"","AppArmorProfile":"","ExecIDs":${JSON.stringify(execIds(container))},` +
    `"HostConfig":${hostConfigText(hostConfig)},"GraphDriver":${graphDriverText(id)},"Mounts":${JSON.stringify(mounts)},` +
    `"Config":${JSON.stringify(configView(container))},"NetworkSettings":${networkSettingsText(state, container)}}`
  );
}

const execIds = ({ execIds: ids }: SimContainer): readonly string[] | null => (ids?.length ? ids : null);

const configView = ({ id, config }: SimContainer): object => ({
  Hostname: id.slice(0, 12),
  ...CONFIG_DEFAULTS,
  ...config,
});

const isAlive = ({ status }: SimContainer): boolean => status === "running" || status === "paused";

const stateView = (container: SimContainer): object => ({
  Status: container.status,
  Running: isAlive(container) || container.status === "restarting",
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

function networkSettings(state: EngineState, container: SimContainer): object {
  const isRunning = isAlive(container);
  const bridge = container.endpoints.find(({ network }) => network === "bridge");
  const { EndpointID, Gateway, IPAddress, IPPrefixLen, MacAddress } = (
    bridge
      ? endpointView(state, bridge)
      : { EndpointID: "", Gateway: "", IPAddress: "", IPPrefixLen: 0, MacAddress: "" }
  ) as Record<string, unknown>;
  return {
    ...{ Bridge: "", SandboxID: isRunning ? sandboxOf(container.id) : "", HairpinMode: false },
    ...{ LinkLocalIPv6Address: "", LinkLocalIPv6PrefixLen: 0, Ports: isRunning ? portMap(container) : {} },
    ...{ SandboxKey: isRunning ? sandboxKeyOf(container.id) : "" },
    ...{ SecondaryIPAddresses: null, SecondaryIPv6Addresses: null, EndpointID, Gateway },
    ...{ GlobalIPv6Address: "", GlobalIPv6PrefixLen: 0, IPAddress, IPPrefixLen, IPv6Gateway: "", MacAddress },
    Networks: networkMap(state, container),
  };
}

function networkSettingsText(state: EngineState, container: SimContainer): string {
  const isRunning = isAlive(container);
  const { id: endpoint, ip } = container.endpoints.find(({ network }) => network === "bridge") ?? NOWHERE;
  return (
    `{"Bridge":"","SandboxID":"${isRunning ? sandboxOf(container.id) : ""}","HairpinMode":false,"LinkLocalIPv6Address":"","LinkLocalIPv6PrefixLen":0,` +
    `"Ports":${isRunning ? JSON.stringify(portMap(container)) : "{}"},"SandboxKey":"${isRunning ? sandboxKeyOf(container.id) : ""}",` +
    `"SecondaryIPAddresses":null,"SecondaryIPv6Addresses":null,"EndpointID":"${endpoint}","Gateway":"${gatewayOf(ip)}",` +
    `"GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"IPAddress":"${ip}","IPPrefixLen":${prefixOf(ip)},"IPv6Gateway":"","MacAddress":"${macOf(ip)}",` +
    `"Networks":${JSON.stringify(networkMap(state, container))}}`
  );
}

const NOWHERE = { id: "", ip: "" };

/** Another 64 digits that belong to this ID. */
const sandboxOf = (id: string): string => `${id.slice(32)}${id.slice(0, 32)}`;
const sandboxKeyOf = (id: string): string => `/var/run/docker/netns/${id.slice(0, 12)}`;

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
