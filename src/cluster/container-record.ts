import type { CandidateContainer, HostModePort, UsedPort } from "../scheduler/types.ts";
import { cpusOf } from "../scheduler/resources.ts";
import type { ContainerInspect, ContainerSummary, WirePortMap } from "../docker/types.ts";
import type { Engine } from "./engine.ts";
import { count, slimInspect } from "./slim-inspect.ts";

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
  const inspect = slimInspect(fullInspect, summary);
  const names = namesOf(summary.Names, inspect.Name);
  const labels = inspect.Config.Labels ?? {};
  const holder = holderOf(names, inspect.Id);
  const { HostConfig } = inspect;
  const limit = count(HostConfig.Memory);
  return {
    id: inspect.Id,
    engine,
    node: engine,
    summary,
    inspect,
    names,
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

/** The engine lists link aliases in any order; the name proper comes first here. */
export function namesOf(listed: readonly string[] | null, name: string): readonly string[] {
  const own = withoutSlash(name);
  const [first] = listed ?? [];
  // Nearly always.
  if (own !== "" && listed?.length === 1 && first === name) return [own];
  const names = (listed ?? [name]).map(withoutSlash).filter((each) => each !== "");
  return own === "" ? names : [own, ...names.filter((each) => each !== own)];
}

/** Who holds a container's ports, for explanations. */
export const holderOf = (names: readonly string[], id: string): string => names[0] ?? id.slice(0, 12);

const NONE: readonly never[] = Object.freeze([]);

/** A container moves only so often; more than this is not ours. */
const MAX_FORMER_IDS = 64;

function formerIds(label: string | undefined, swarmId: string): readonly string[] {
  if (label === undefined) return NONE;
  try {
    const { swarm, ids } = JSON.parse(label) as { swarm?: unknown; ids?: unknown };
    if (swarm !== swarmId || !Array.isArray(ids)) return NONE;
    return ids.filter((id): id is string => /^[0-9a-f]{64}$/.test(String(id))).slice(0, MAX_FORMER_IDS);
  } catch {
    return NONE;
  }
}

/** Requested bindings, also of stopped containers, and actual ports (scheduling.md §6.1). */
export function usedPorts(inspect: ContainerInspect, holder: string): readonly UsedPort[] {
  if (inspect.HostConfig.NetworkMode === "host") return NONE;
  const ports: UsedPort[] = [];
  const add = (map: WirePortMap | null | undefined): void => {
    if (map === null || map === undefined) return;
    for (const [containerPort, bindings] of Object.entries(map)) {
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
  return ports.length === 0 ? NONE : ports;
}

function hostModePorts(inspect: ContainerInspect, holder: string): readonly HostModePort[] {
  if (inspect.HostConfig.NetworkMode !== "host") return NONE;
  return Object.keys(inspect.Config.ExposedPorts ?? {}).map((key) => ({ key, pending: false, holder }));
}
