import { ExpressionError, formatExpression, parseExpression } from "../../../filters/expression.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EMPTY_REQUEST } from "../../scheduler/empty-request.ts";
import { parseCreate } from "../../scheduler/request.ts";
import type { PlacementRequest, SchedulingRules } from "../../scheduler/types.ts";
import { InvalidRequestError } from "../../scheduler/wire.ts";
import type { Moves } from "../ports.ts";
import type { PlanContainer, PlanNode } from "./plan-types.ts";

const CONTAINER_MODE = "container:";

/** The nodes a rebalance is about: healthy ones that take new containers. */
export const balanced = (cluster: Pick<Cluster, "healthy">): readonly Engine[] =>
  [...cluster.healthy()].filter(({ candidate }) => candidate.availability === "active");

/** These nodes as they are now. */
export function snapshot(
  engines: readonly Engine[],
  { cluster, moves, rules }: SnapshotSources,
): readonly PlanNode[] {
  const shared = sharedContainers(engines, cluster);
  return engines.map((engine) =>
    nodeOf(engine, (record) => shared.get(record) ?? moves.obstacle(record), rules),
  );
}

export interface SnapshotSources {
  readonly cluster: Pick<Cluster, "containers">;
  readonly moves: Pick<Moves, "obstacle">;
  readonly rules: SchedulingRules;
}

function nodeOf(
  engine: Engine,
  obstacle: (record: ContainerRecord) => string | undefined,
  rules: SchedulingRules,
): PlanNode {
  const { candidate } = engine;
  const containers = [...engine.cache.inventory.containers.values()].map((record) =>
    containerOf(record, obstacle(record), rules),
  );
  const pending = [...candidate.containers].filter((container) => container.pending);
  const sum = (of: (container: PlanContainer) => number): number =>
    containers.reduce((total, container) => total + of(container), 0);
  const held = new Set<unknown>(
    containers.flatMap(({ usedPorts, hostModePorts }) => [...usedPorts, ...hostModePorts]),
  );
  return {
    id: candidate.id,
    engineId: candidate.engineId,
    addr: candidate.addr,
    name: candidate.name,
    availability: candidate.availability,
    labels: candidate.labels,
    healthIndicator: candidate.healthIndicator,
    images: [...candidate.images],
    totalMemoryBytes: candidate.totalMemoryBytes,
    totalCpus: candidate.totalCpus,
    containers,
    reserved: {
      containers: pending,
      memoryBytes: candidate.usedMemoryBytes - sum(({ memoryBytes }) => memoryBytes),
      cpus: candidate.usedCpus - sum(({ cpus }) => cpus),
      usedPorts: [...candidate.usedPorts].filter((port) => !held.has(port)),
      hostModePorts: [...candidate.hostModePorts].filter((port) => !held.has(port)),
    },
    hasContainer: (reference) => candidate.hasContainer(reference),
  };
}

function containerOf(
  record: ContainerRecord,
  obstacle: string | undefined,
  rules: SchedulingRules,
): PlanContainer {
  const { id, swarmId, names, labels, pending, memoryBytes, cpus, usedPorts, hostModePorts } = record;
  const facts = { id, swarmId, names, labels, pending, memoryBytes, cpus, usedPorts, hostModePorts };
  try {
    return { ...facts, request: requestOf(record, rules), obstacle };
  } catch (error) {
    if (!(error instanceof ExpressionError || error instanceof InvalidRequestError)) throw error;
    const why = obstacle ?? `its rules cannot be read: ${error.message}`;
    return { ...facts, request: { ...EMPTY_REQUEST, memoryBytes, cpus }, obstacle: why };
  }
}

/** What the container asks of a node, as far as its record says. */
function requestOf(record: ContainerRecord, rules: SchedulingRules): PlacementRequest {
  const request = parsed(record);
  const hard = (texts: readonly string[]): readonly string[] =>
    texts.map((text) => formatExpression(parseExpression(text, rules)));
  return {
    ...request,
    affinities: hard(request.affinities),
    constraints: hard(request.constraints),
    whitelists: hard(request.whitelists),
  };
}

function parsed({ labels, inspect, memoryBytes, cpus }: ContainerRecord): PlacementRequest {
  const { NetworkMode, PortBindings } = inspect.HostConfig;
  const body = {
    Labels: expressionLabels(labels),
    ExposedPorts: inspect.Config.ExposedPorts,
    HostConfig: { NetworkMode, PortBindings },
  };
  const { request } = parseCreate("", body, { countMemoryReservation: false, strictLabels: false });
  return { ...request, memoryBytes, cpus };
}

/** Not the reschedule policies: one nobody can use is no reason to fail here. */
const EXPRESSIONS = ["affinities", "constraints", "whitelists"].map((name) => `com.docker.swarm.${name}`);

function expressionLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    EXPRESSIONS.flatMap((name) => (Object.hasOwn(labels, name) ? [[name, labels[name] ?? ""]] : [])),
  );
}

/** Containers that share one network must stay together. */
function sharedContainers(
  engines: readonly Engine[],
  { containers }: Pick<Cluster, "containers">,
): ReadonlyMap<ContainerRecord, string> {
  const shared = new Map<ContainerRecord, string>();
  for (const engine of engines) {
    for (const record of engine.cache.inventory.containers.values()) {
      const mode = record.inspect.HostConfig.NetworkMode ?? "";
      if (!mode.startsWith(CONTAINER_MODE)) continue;
      const owner = containers.resolve(mode.slice(CONTAINER_MODE.length), (each) => each.engine === engine);
      shared.set(record, `it shares the network of ${nameOf(owner) ?? "another container"}`);
      if (owner !== undefined) shared.set(owner, `${nameOf(record) ?? record.id} shares its network`);
    }
  }
  return shared;
}

const nameOf = (record: ContainerRecord | undefined): string | undefined => record?.names[0];
