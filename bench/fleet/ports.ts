import { EngineRefusal } from "./exchange.ts";
import { randomId } from "./ids.ts";
import type { EngineState } from "./state.ts";
import type { PublishedPort, SimContainer } from "./types.ts";

const anywhere = (ip: string): boolean => ip === "" || ip === "0.0.0.0" || ip === "::";

/**
 * Gives a starting container its host ports, or refuses in the engine's words: one text when another container has the port,
 * another when a foreign process listens there and dockerd's proxy runs into it.
 */
export function allocatePorts(state: EngineState, container: SimContainer): PublishedPort[] {
  const wanted = container.hostConfig.NetworkMode === "host" ? [] : wantedPorts(container);
  if (wanted.length === 0) return [];
  const used = new Set<PublishedPort>();
  for (const other of state.containers.values())
    if (other !== container) for (const port of other.ports) used.add(port);
  const failed = (reason: string): EngineRefusal =>
    new EngineRefusal(
      500,
      `driver failed programming external connectivity on endpoint ${container.name} (${randomId()}): ${reason}`,
    );
  const isTaken = (hostIp: string, hostPort: number, proto: string): boolean =>
    [...used].some(
      (port) =>
        port.hostPort === hostPort &&
        port.containerPort.endsWith(`/${proto}`) &&
        (anywhere(port.hostIp) || anywhere(hostIp) || port.hostIp === hostIp),
    );
  return wanted.map(({ containerPort, hostIp, hostPort }) => {
    const proto = containerPort.split("/")[1] ?? "tcp";
    const shownIp = hostIp === "" ? "0.0.0.0" : hostIp;
    const [first = 0, last = first] = hostPort.split("-").map(Number);
    let refusal: EngineRefusal | undefined;
    for (const port of first === 0 ? freePorts(state) : range(first, last)) {
      const holder = state.heldPorts.get(port);
      if (holder === "process") {
        const reason = `Error starting userland proxy: listen ${proto}4 ${shownIp}:${port}: bind: address already in use`;
        refusal = failed(reason);
      } else if (holder === "allocator" || isTaken(hostIp, port, proto)) {
        refusal = failed(`Bind for ${shownIp}:${port} failed: port is already allocated`);
      } else {
        const granted = { hostIp, hostPort: port, containerPort };
        used.add(granted);
        return granted;
      }
    }
    throw refusal ?? failed("all ports are allocated");
  });
}

function wantedPorts({
  hostConfig,
  config,
}: SimContainer): { containerPort: string; hostIp: string; hostPort: string }[] {
  const wanted = Object.entries(hostConfig.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const containerPort = key.includes("/") ? key : `${key}/tcp`;
    return (bindings ?? []).map(({ HostIp = "", HostPort = "" }) => ({
      containerPort,
      hostIp: HostIp,
      hostPort: HostPort,
    }));
  });
  if (hostConfig.PublishAllPorts !== true) return wanted;
  const bound = new Set(wanted.map(({ containerPort }) => containerPort));
  const rest = Object.keys(config.ExposedPorts ?? {}).filter((port) => !bound.has(port));
  return [...wanted, ...rest.map((containerPort) => ({ containerPort, hostIp: "", hostPort: "" }))];
}

function* range(first: number, last: number): Generator<number> {
  for (let port = first; port <= last; port++) yield port;
}

function* freePorts(state: EngineState): Generator<number> {
  for (let tries = 0; tries < 16384; tries++) yield state.nextFreePort();
}
