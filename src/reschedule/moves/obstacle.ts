import { MOVABLE_LABEL, type ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { Unknown } from "../../docker/types.ts";
import type { WantedContainer } from "../wanted/wanted.ts";
import { PASSING } from "../passing-obstacles.ts";
import { isUserDefined } from "../wanted/endpoints.ts";
import { policyOf } from "../wanted/policy.ts";
import { networkOn } from "./networks.ts";

/** Looks up the record of what is wanted of a container. */
export type WantedOf = (record: ContainerRecord) => WantedContainer | undefined;

/**
 * Why containers cannot be moved while their engine is well. A planned move must lose nothing: what has data on its node stays, unless its user has said
 * by label that it may go without. So does what others depend on.
 *
 * Of one moment, and fast: what it has found out about one container it does not look for again when it is asked about the next of the same engine.
 */
export class Obstacles {
  readonly #wantedOf: WantedOf;
  readonly #own = new Map<ContainerRecord, string | undefined>();
  readonly #joined = new Map<Engine, ReadonlyMap<string, readonly ContainerRecord[]>>();
  readonly #blocked = new Map<Engine, Map<string, readonly ContainerRecord[]>>();

  constructor(wantedOf: WantedOf) {
    this.#wantedOf = wantedOf;
  }

  /** Undefined: it can be moved. */
  of(record: ContainerRecord): string | undefined {
    return this.#ownOf(record) ?? this.#ofNetworks(record);
  }

  #ownOf(record: ContainerRecord): string | undefined {
    if (!this.#own.has(record)) {
      const others = this.#joinedOn(record.engine);
      this.#own.set(record, ownObstacle(record, this.#wantedOf(record), others));
    }
    return this.#own.get(record);
  }

  /** In a network of its engine alone, those who stay would no longer see it. */
  #ofNetworks(record: ContainerRecord): string | undefined {
    for (const network of localNetworks(record)) {
      const peer = this.#blockedIn(record.engine, network).find(({ id }) => id !== record.id);
      if (peer !== undefined)
        return `it shares network ${network} with ${nameOf(peer)}, which cannot move: ${this.#ownOf(peer) ?? ""}`;
    }
    return undefined;
  }

  /** Running members of a network that cannot move. */
  #blockedIn(engine: Engine, network: string): readonly ContainerRecord[] {
    const known = this.#blocked.get(engine) ?? new Map<string, readonly ContainerRecord[]>();
    this.#blocked.set(engine, known);
    let blocked = known.get(network);
    if (blocked === undefined) {
      blocked = [...engine.cache.inventory.containers.values()].filter(
        (each) =>
          each.inspect.State.Running &&
          Object.hasOwn(each.summary.NetworkSettings?.Networks ?? {}, network) &&
          this.#ownOf(each) !== undefined,
      );
      known.set(network, blocked);
    }
    return blocked;
  }

  #joinedOn(engine: Engine): ReadonlyMap<string, readonly ContainerRecord[]> {
    let joined = this.#joined.get(engine);
    if (joined === undefined) this.#joined.set(engine, (joined = joinedOn(engine)));
    return joined;
  }
}

/** The containers of an engine that are part of another one, by what they call that: its ID or a name. */
function joinedOn({ cache }: Engine): ReadonlyMap<string, readonly ContainerRecord[]> {
  const joined = new Map<string, ContainerRecord[]>();
  for (const record of cache.inventory.containers.values()) {
    const { NetworkMode = "", PidMode = "", IpcMode = "" } = record.inspect.HostConfig;
    for (const mode of [NetworkMode, PidMode, IpcMode]) {
      if (!mode.startsWith(CONTAINER_MODE)) continue;
      const reference = mode.slice(CONTAINER_MODE.length);
      joined.set(reference, [...(joined.get(reference) ?? []), record]);
    }
  }
  return joined;
}

const CONTAINER_MODE = "container:";

function ownObstacle(
  record: ContainerRecord,
  wanted: WantedContainer | undefined,
  joined: ReadonlyMap<string, readonly ContainerRecord[]>,
): string | undefined {
  const isLabelled = record.labels[MOVABLE_LABEL] === "true";
  if (wanted === undefined)
    return policyOf(record.labels) !== undefined
      ? PASSING.unrecorded
      : `it has neither a reschedule policy nor the label ${MOVABLE_LABEL}=true`;
  if (wanted.policy === "off" && !isLabelled)
    return `it has neither a reschedule policy nor the label ${MOVABLE_LABEL}=true`;
  const { State, HostConfig } = record.inspect;
  const host: Unknown = wanted.create.body.HostConfig ?? {};
  if (State.Paused) return PASSING.paused;
  if (State.Restarting) return PASSING.restarting;
  if (host.AutoRemove === true) return "it is removed when it stops (--rm)";
  for (const mode of [HostConfig.NetworkMode, host.PidMode, host.IpcMode]) {
    if (typeof mode === "string" && mode.startsWith(CONTAINER_MODE)) return `it is part of ${mode}`;
  }
  if (hasEntries(host.VolumesFrom)) return "it uses the volumes of another container";
  if (hasEntries(host.Links)) return "it is linked to another container";
  return (
    dependent(record, joined) ?? (isLabelled ? undefined : (dataObstacle(record) ?? deviceObstacle(host)))
  );
}

/** Another container of its engine that cannot be without it. */
function dependent(
  { id, names }: ContainerRecord,
  joined: ReadonlyMap<string, readonly ContainerRecord[]>,
): string | undefined {
  const alias = names.find((name) => name.includes("/"));
  if (alias !== undefined) return `${alias.slice(0, alias.indexOf("/"))} is linked to it`;
  for (const reference of [id, ...names]) {
    const other = joined.get(reference)?.find((each) => each.id !== id);
    if (other !== undefined) return `${nameOf(other)} is part of it`;
  }
  return undefined;
}

function dataObstacle({ summary }: ContainerRecord): string | undefined {
  for (const { Type, Name = "", Driver, Destination = "", Source } of summary.Mounts ?? []) {
    if (Type === "bind") return `directory ${String(Source)} of its node is mounted at ${Destination}`;
    const isLocal = Driver === undefined || Driver === "" || Driver === "local";
    if (Type === "volume" && isLocal) {
      const which = /^[0-9a-f]{64}$/.test(Name) ? "an anonymous volume" : `volume ${Name}`;
      return `its data in ${which} (${Destination}) would stay behind`;
    }
  }
  return undefined;
}

function deviceObstacle({ Devices, DeviceRequests }: Unknown): string | undefined {
  return hasEntries(Devices) || hasEntries(DeviceRequests) ? "it uses devices of its node" : undefined;
}

/** Running containers that share a user-defined network with this one which only their engine has. */
export function* localPeers(
  record: ContainerRecord,
): Generator<{ readonly network: string; readonly peer: ContainerRecord }> {
  const own = localNetworks(record);
  if (own.size === 0) return;
  for (const peer of record.engine.cache.inventory.containers.values()) {
    if (peer.id === record.id || !peer.inspect.State.Running) continue;
    for (const network of localNetworks(peer)) if (own.has(network)) yield { network, peer };
  }
}

function localNetworks({ summary, engine }: ContainerRecord): ReadonlySet<string> {
  const names = Object.keys(summary.NetworkSettings?.Networks ?? {});
  return new Set(names.filter((name) => isUserDefined(name) && networkOn(engine, name)?.Scope === "local"));
}

export const nameOf = ({ names, id }: ContainerRecord): string => names[0] ?? id.slice(0, 12);

const hasEntries = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
