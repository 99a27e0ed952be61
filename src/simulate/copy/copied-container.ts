import { cpusOf } from "../../scheduler/resources.ts";
import type { ContainerGroup, ContainerState, PortModel } from "../types.ts";

interface WireInspect {
  readonly State?: { readonly Status?: unknown; readonly ExitCode?: unknown } | null;
  readonly Config?: { readonly Image?: unknown; readonly Labels?: unknown } | null;
  readonly HostConfig?: {
    readonly Memory?: unknown;
    readonly MemoryReservation?: unknown;
    readonly CpuShares?: unknown;
    readonly NanoCpus?: unknown;
    readonly NetworkMode?: unknown;
    readonly PortBindings?: unknown;
  } | null;
}

/**
 * What of an inspected container is copied: never its environment, command or mounts.
 * @param name without the node's
 * @param nodeCpus how many CPUs its node has: shares are a part of them
 */
export function copiedContainer(inspect: unknown, name: string, nodeCpus: number): ContainerGroup {
  const { State: state, Config: config, HostConfig: host } = (inspect ?? {}) as WireInspect;
  const shares = amount(host?.CpuShares);
  const cpus =
    shares > 0 ? cpusOf({ cpuShares: shares, nanoCpus: 0 }, nodeCpus) : amount(host?.NanoCpus) / 1e9;
  return {
    name,
    count: 1,
    image: text(config?.Image) || "busybox",
    labels: texts(config?.Labels),
    memoryBytes: amount(host?.Memory),
    memoryReservationBytes: amount(host?.MemoryReservation),
    cpus,
    ports: ports(host?.PortBindings),
    state: stateOf(text(state?.Status)),
    exitCode: amount(state?.ExitCode) & 255,
    network: networkOf(text(host?.NetworkMode)),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const amount = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;

function texts(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function stateOf(status: string): ContainerState {
  switch (status) {
    case "created":
    case "paused":
    case "exited":
      return status;
    case "dead":
      return "exited";
    default:
      return "running";
  }
}

/** Another container's network has no name that would hold in a copy. */
const networkOf = (mode: string): string => (mode === "default" || mode.startsWith("container:") ? "" : mode);

function ports(bindings: unknown): readonly PortModel[] {
  const map = (bindings ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(map).flatMap(([containerPort, list]) =>
    (Array.isArray(list) ? (list as { HostIp?: unknown; HostPort?: unknown }[]) : []).map((binding) => {
      const hostPort = text(binding.HostPort);
      // 0 is how some clients write "any".
      return { hostIp: text(binding.HostIp), hostPort: hostPort === "0" ? "" : hostPort, containerPort };
    }),
  );
}
