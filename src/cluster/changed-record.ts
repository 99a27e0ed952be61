import type { ContainerInspect, ContainerState, ContainerSummary, WirePortMap } from "../docker/types.ts";
import { holderOf, usedPorts, type ContainerRecord } from "./container-record.ts";
import { newsOf } from "./listed-status.ts";
import { sameJson } from "./same-json.ts";
import { slimNetworks } from "./slim-inspect.ts";

/**
 * Is a container found by the same references as before? Then an index only puts one record in the place of the other. Swarm ID and former IDs are
 * labels.
 */
export const hasSameReferences = (old: ContainerRecord, record: ContainerRecord): boolean =>
  old.id === record.id &&
  old.engine === record.engine &&
  sameJson(old.names, record.names) &&
  sameJson(old.labels, record.labels);

/** Does a container take the same of its engine as before? Call only where {@link hasSameReferences}: placement sees no difference then. */
export const takesTheSame = (old: ContainerRecord, record: ContainerRecord): boolean =>
  old.memoryBytes === record.memoryBytes &&
  old.cpus === record.cpus &&
  old.usedPorts === record.usedPorts &&
  old.hostModePorts === record.hostModePorts;

/** The same container in the state that an event tells. What has stopped has only the ports it asks for. */
export function withState(record: ContainerRecord, state: ContainerState): ContainerRecord {
  const { summary, inspect } = record;
  if (state.Running) {
    return {
      ...record,
      summary: { ...summary, State: state.Status },
      inspect: { ...inspect, State: state },
      told: true,
    };
  }
  return {
    ...record,
    summary: { ...summary, State: state.Status, Ports: [] },
    ...withPorts(record, { ...inspect, State: state }, null),
    told: true,
  };
}

/**
 * The same container with what its engine's list says of it; the very same record when that is nothing new but the time in `Status`.
 * @returns `undefined` when it has other names or labels: then more follows from it than is done here
 */
export function withListed(record: ContainerRecord, listed: ContainerSummary): ContainerRecord | undefined {
  const { summary, inspect } = record;
  const labels = listed.Labels ?? record.labels;
  if (!sameJson(listed.Names, summary.Names) || !sameJson(labels, record.labels)) return undefined;
  if (saysTheSame(summary, listed)) return record;
  const Image = inspect.Image === "" ? listed.ImageID : inspect.Image;
  return {
    ...record,
    summary: sharing(summary, listed, inspect.Config.Labels ?? null),
    ...withPorts(record, Image === inspect.Image ? inspect : { ...inspect, Image }, portsOf(listed)),
    told: true,
  };
}

/** The same, but for the time in `Status`? */
function saysTheSame(old: ContainerSummary, listed: ContainerSummary): boolean {
  if (newsOf(old.Status) !== newsOf(listed.Status)) return false;
  return sameJson(old, old.Status === listed.Status ? listed : { ...listed, Status: old.Status });
}

/** What the old entry says as well stays one object with it: views and indexes see that nothing changed there, and memory is saved. */
function sharing(
  { Id, Names, NetworkSettings: networks }: ContainerSummary,
  listed: ContainerSummary,
  labels: ContainerSummary["Labels"],
): ContainerSummary {
  const shared: ContainerSummary = { ...listed, Id, Names, Labels: listed.Labels && labels };
  if (networks !== undefined && sameJson(listed.NetworkSettings, networks)) shared.NetworkSettings = networks;
  return shared;
}

/** What of a record follows from the ports it has. */
function withPorts(
  record: ContainerRecord,
  inspect: ContainerInspect,
  ports: WirePortMap | null,
): Pick<ContainerRecord, "inspect" | "usedPorts"> {
  const networks = slimNetworks(ports);
  if (sameJson(inspect.NetworkSettings, networks)) return { inspect, usedPorts: record.usedPorts };
  const changed = { ...inspect, NetworkSettings: networks };
  const used = usedPorts(changed, holderOf(record.names, record.id));
  return { inspect: changed, usedPorts: sameJson(record.usedPorts, used) ? record.usedPorts : used };
}

/** As an inspection would tell them. */
function portsOf({ Ports }: ContainerSummary): WirePortMap {
  const ports: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { IP = "", PrivatePort, PublicPort, Type } of Ports ?? []) {
    if (PublicPort === undefined) continue;
    (ports[`${PrivatePort}/${Type}`] ??= []).push({ HostIp: IP, HostPort: String(PublicPort) });
  }
  return ports;
}
