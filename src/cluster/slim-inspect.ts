import type { ContainerInspect, ContainerState, ContainerSummary, WirePortMap } from "../docker/types.ts";
import { sameJson } from "./same-json.ts";

/** One odd number in a sum would spoil the whole sum. */
export const count = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;

/** Most have none. */
const NO_PORTS: { readonly Ports: null } = Object.freeze({ Ports: null });

/** Only what says that it is part of another container. */
const joined = (key: "PidMode" | "IpcMode", mode: unknown): Partial<Record<typeof key, string>> =>
  typeof mode === "string" && mode.startsWith("container:") ? { [key]: mode } : {};

/**
 * What we keep of an inspect answer: a twentieth of it. Everything else is asked of the engine when wanted. What the list entry says, too, is shared
 * with it.
 */
export function slimInspect(full: ContainerInspect, summary: ContainerSummary): ContainerInspect {
  const { HostConfig: host, Config: config } = full;
  const labels = config.Labels ?? {};
  return {
    Id: full.Id === summary.Id ? summary.Id : full.Id,
    Created: full.Created,
    Name: full.Name,
    Image: full.Image === summary.ImageID ? summary.ImageID : full.Image,
    State: slimState(full.State),
    ExecIDs: full.ExecIDs ?? null,
    HostConfig: {
      Memory: count(host.Memory),
      MemoryReservation: count(host.MemoryReservation),
      CpuShares: count(host.CpuShares),
      NanoCpus: count(host.NanoCpus),
      NetworkMode: host.NetworkMode ?? "",
      ...joined("PidMode", host.PidMode),
      ...joined("IpcMode", host.IpcMode),
      PortBindings: host.PortBindings ?? null,
      ...(host.PublishAllPorts === true ? { PublishAllPorts: true } : {}),
      Isolation: host.Isolation ?? "",
    },
    Config: {
      Image: config.Image ?? "",
      Labels: summary.Labels !== null && sameJson(summary.Labels, labels) ? summary.Labels : labels,
      ExposedPorts: config.ExposedPorts ?? null,
    },
    NetworkSettings: slimNetworks(full.NetworkSettings?.Ports),
  };
}

const slimState = (state: ContainerState): ContainerState => ({
  Status: state.Status,
  Running: state.Running,
  Paused: state.Paused,
  Restarting: state.Restarting,
  Dead: state.Dead,
  ExitCode: state.ExitCode,
  StartedAt: state.StartedAt,
  FinishedAt: state.FinishedAt,
  ...(state.Health === undefined ? {} : { Health: { Status: state.Health.Status } }),
});

/** The part of an inspect answer that tells the ports a container has. */
export function slimNetworks(ports: WirePortMap | null | undefined): { readonly Ports: WirePortMap | null } {
  for (const _ in ports) return { Ports: ports };
  return NO_PORTS;
}
