import type { CandidateContainer, HostModePort, UsedPort } from "../scheduler/types.ts";
import { cpusOf } from "../scheduler/resources.ts";
import type { ContainerInspect, ContainerSummary, WirePortMap } from "../docker/types.ts";
import type { Engine } from "./engine.ts";

/** The label that carries a container's cluster-wide identity, kept when it moves. */
export const SWARM_ID_LABEL = "com.docker.swarm.id";
/** The IDs this container had before the manager moved it to another engine, and whose they are: see {@link replacesLabel}. */
export const REPLACES_LABEL = "com.docker.swarm.replaces";
/** The ID of the container this one was made in place of, so that another manager can go on where one stopped (node-lifecycle.md §8). */
export const RESCHEDULED_FROM_LABEL = "com.docker.swarm.rescheduled-from";

/** A JSON list; with `on-node-failure` in it the container moves when its engine fails. */
export const POLICIES_LABEL = "com.docker.swarm.reschedule-policies";
/** Of the original's first days, still on old slides. */
export const POLICY_LABEL = "com.docker.swarm.reschedule-policy";
/** The label that lets drain and rebalance move a container which has no reschedule policy: `true`. */
export const MOVABLE_LABEL = "com.docker.swarm.movable";

/** One container of one engine. Immutable: a change makes a new record, so views may keep what they computed from it. */
export interface ContainerRecord extends CandidateContainer {
  readonly engine: Engine;
  /** The same engine, as the views call it. */
  readonly node: Engine;
  readonly summary: ContainerSummary;
  /** Only the parts we read (see {@link slimInspect}). */
  readonly inspect: ContainerInspect;
  /** Former IDs which must go on working as references. */
  readonly formerIds: readonly string[];
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly usedPorts: readonly UsedPort[];
  readonly hostModePorts: readonly HostModePort[];
  /** Known from events, not read since: moments are a little late, and of a new container its list entry is a sketch. */
  readonly told: boolean;
}

export interface RecordOptions {
  readonly engineCpus: number;
  /** Count `MemoryReservation` where there is no limit (`swarm.memoryreservation`). */
  readonly countMemoryReservation: boolean;
  /** See {@link ContainerRecord.told}. */
  readonly told?: boolean;
}

export function containerRecord(
  engine: Engine,
  summary: ContainerSummary,
  fullInspect: ContainerInspect,
  options: RecordOptions,
): ContainerRecord {
  const inspect = slimInspect(fullInspect);
  const names = (summary.Names ?? [inspect.Name]).map(withoutSlash).filter((name) => name !== "");
  const own = withoutSlash(inspect.Name);
  // The engine lists link aliases in any order; the name proper comes first here.
  const ordered = own === "" ? names : [own, ...names.filter((name) => name !== own)];
  const labels = inspect.Config.Labels ?? {};
  const holder = ordered[0] ?? inspect.Id.slice(0, 12);
  const { HostConfig } = inspect;
  const limit = count(HostConfig.Memory);
  return {
    id: inspect.Id,
    engine,
    node: engine,
    summary,
    inspect,
    names: ordered,
    labels,
    pending: false,
    swarmId: labels[SWARM_ID_LABEL] ?? "",
    formerIds: formerIds(labels[REPLACES_LABEL], labels[SWARM_ID_LABEL] ?? ""),
    memoryBytes: limit === 0 && options.countMemoryReservation ? count(HostConfig.MemoryReservation) : limit,
    cpus: cpusOf(
      { cpuShares: count(HostConfig.CpuShares), nanoCpus: count(HostConfig.NanoCpus) },
      options.engineCpus,
    ),
    usedPorts: usedPorts(inspect, holder),
    hostModePorts: hostModePorts(inspect, holder),
    told: options.told ?? false,
  };
}

/**
 * The value of {@link REPLACES_LABEL}. It names the container it belongs to, because `docker commit` copies labels into images, and what is run from
 * such an image has replaced nothing.
 */
export const replacesLabel = (swarmId: string, ids: readonly string[]): string =>
  JSON.stringify({ swarm: swarmId, ids });

const withoutSlash = (name: string): string => (name.startsWith("/") ? name.slice(1) : name);

/** One odd number in a sum would spoil the whole sum. */
const count = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;

/** A container moves only so often; more than this is not ours. */
const MAX_FORMER_IDS = 64;

function formerIds(label: string | undefined, swarmId: string): readonly string[] {
  if (label === undefined) return [];
  try {
    const { swarm, ids } = JSON.parse(label) as { swarm?: unknown; ids?: unknown };
    if (swarm !== swarmId || !Array.isArray(ids)) return [];
    return ids.filter((id): id is string => /^[0-9a-f]{64}$/.test(String(id))).slice(0, MAX_FORMER_IDS);
  } catch {
    return [];
  }
}

/** Requested bindings, also of stopped containers, and actual ports (scheduling.md §6.1). */
function usedPorts(inspect: ContainerInspect, holder: string): readonly UsedPort[] {
  if (inspect.HostConfig.NetworkMode === "host") return [];
  const ports: UsedPort[] = [];
  const add = (map: WirePortMap | null | undefined): void => {
    for (const [containerPort, bindings] of Object.entries(map ?? {})) {
      for (const { HostIp: hostIp = "", HostPort: hostPort = "" } of bindings ?? []) {
        const known = ports.some(
          (port) =>
            port.hostPort === hostPort && port.hostIp === hostIp && port.containerPort === containerPort,
        );
        if (hostPort !== "" && !known) ports.push({ containerPort, hostIp, hostPort, holder });
      }
    }
  };
  add(inspect.HostConfig.PortBindings);
  add(inspect.NetworkSettings?.Ports);
  return ports;
}

function hostModePorts(inspect: ContainerInspect, holder: string): readonly HostModePort[] {
  if (inspect.HostConfig.NetworkMode !== "host") return [];
  return Object.keys(inspect.Config.ExposedPorts ?? {}).map((key) => ({ key, pending: false, holder }));
}

/** Only what says that it is part of another container. */
const joined = (key: "PidMode" | "IpcMode", mode: unknown): Partial<Record<typeof key, string>> =>
  typeof mode === "string" && mode.startsWith("container:") ? { [key]: mode } : {};

/** What we keep of an inspect answer: a twentieth of it. Everything else is asked of the engine when wanted. */
function slimInspect(full: ContainerInspect): ContainerInspect {
  const { HostConfig: host, Config: config, State: state } = full;
  return {
    Id: full.Id,
    Created: full.Created,
    Name: full.Name,
    Image: full.Image,
    State: {
      Status: state.Status,
      Running: state.Running,
      Paused: state.Paused,
      Restarting: state.Restarting,
      Dead: state.Dead,
      ExitCode: state.ExitCode,
      StartedAt: state.StartedAt,
      FinishedAt: state.FinishedAt,
      ...(state.Health === undefined ? {} : { Health: { Status: state.Health.Status } }),
    },
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
      Labels: config.Labels ?? {},
      ExposedPorts: config.ExposedPorts ?? null,
    },
    NetworkSettings: { Ports: full.NetworkSettings?.Ports ?? null },
  };
}
