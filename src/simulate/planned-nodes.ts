import type { ContainerSeed, EngineOptions } from "../../bench/fleet/index.ts";
import { workloadEngine } from "../../bench/fleet/workload.ts";
import { policyOf } from "../reschedule/wanted/policy.ts";
import { engineVersions } from "./engine-versions.ts";
import { MAX_CONTAINERS, MAX_NODES } from "./limits.ts";
import type { ClusterModel, ContainerGroup, NodeAvailability, NodeGroup } from "./types.ts";

/** One node of a simulation before it stands. */
export interface PlannedNode {
  /** Without its address. */
  readonly engine: Omit<EngineOptions, "host" | "port">;
  readonly availability: NodeAvailability;
  readonly containers: number;
}

/** All of a simulation. */
export interface SimulationPlan {
  readonly nodes: readonly PlannedNode[];
  /** That every node has, beside the three each engine has. */
  readonly networks: readonly string[];
}

/** What all simulated nodes are: they take any image and any command, and nobody asks for their past requests. */
const ALL = { anything: true, keepRequests: 0 } as const;

/** A company's cluster: a few dozen applications, some with ports and limits, over regions, zones and racks. */
export function generatedPlan(nodes: number, containersEach: number): SimulationPlan {
  return {
    networks: [],
    nodes: Array.from({ length: nodes }, (_, index) => ({
      engine: { ...workloadEngine(index, containersEach), ...ALL },
      availability: "active",
      containers: containersEach,
    })),
  };
}

/**
 * Each node of a model by itself.
 * @throws {Error} when there are too many nodes or containers, or a name is taken twice
 */
export function planOf(model: ClusterModel): SimulationPlan {
  const nodeCount = sum(model.nodes.map(({ count }) => count));
  if (nodeCount > MAX_NODES)
    throw new Error(`${nodeCount} nodes are too many: ${MAX_NODES} can be simulated`);
  const perNode = ({ containers }: NodeGroup): number => sum(containers.map(({ count }) => count));
  const containerCount = sum(model.nodes.map((group) => group.count * perNode(group)));
  if (containerCount > MAX_CONTAINERS)
    throw new Error(`${containerCount} containers are too many: ${MAX_CONTAINERS} can be simulated`);
  const names = new Set<string>();
  const nodes = model.nodes.flatMap((group) =>
    Array.from({ length: group.count }, (_, index): PlannedNode => {
      const name = group.name.replaceAll("{n}", String(index + 1));
      if (names.has(name)) throw new Error(`several nodes are called ${name}`);
      names.add(name);
      return plannedNode(group, name);
    }),
  );
  const used = model.nodes.flatMap(({ containers }) => containers.map(({ network }) => network));
  const networks = [...new Set([...model.networks, ...used])].filter((name) => !OWN_NETWORKS.has(name));
  return { nodes, networks };
}

/** Whether any of its containers is to move when its node fails. */
export const movesContainers = ({ nodes }: SimulationPlan): boolean =>
  nodes.some(
    ({ engine: { containers = [] } }) =>
      typeof containers !== "number" && containers.some(({ labels = {} }) => policyOf(labels) !== undefined),
  );

/** Those every engine has, and what stands for the first of them. */
const OWN_NETWORKS: ReadonlySet<string> = new Set(["", "default", "bridge", "host", "none"]);

function plannedNode(group: NodeGroup, name: string): PlannedNode {
  const names = new Set<string>();
  const containers = group.containers.flatMap((each) =>
    Array.from({ length: each.count }, (_, index) => {
      const own = each.name.replaceAll("{node}", name).replaceAll("{n}", String(index + 1));
      if (names.has(own)) throw new Error(`several containers of ${name} are called ${own}`);
      names.add(own);
      return seedOf(each, own);
    }),
  );
  return {
    engine: {
      ...ALL,
      name,
      cpus: group.cpus,
      memoryBytes: group.memoryBytes,
      labels: group.labels,
      ...(group.version !== "" && { version: engineVersions(group.version) }),
      system: Object.fromEntries(Object.entries(group.system).filter(([, fact]) => fact !== "")),
      images: [],
      containers,
    },
    availability: group.availability,
    containers: containers.length,
  };
}

function seedOf(container: ContainerGroup, name: string): ContainerSeed {
  const { image, labels, state, exitCode, ports, memoryBytes, memoryReservationBytes, cpus, network } =
    container;
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { containerPort, hostIp, hostPort } of ports)
    (bindings[containerPort] ??= []).push({ HostIp: hostIp, HostPort: hostPort });
  return {
    name,
    image,
    labels,
    state,
    exitCode,
    hostConfig: {
      ...(ports.length > 0 && { PortBindings: bindings }),
      ...(memoryBytes > 0 && { Memory: memoryBytes }),
      ...(memoryReservationBytes > 0 && { MemoryReservation: memoryReservationBytes }),
      ...(cpus > 0 && { NanoCpus: Math.round(cpus * 1e9) }),
      ...(network !== "" && { NetworkMode: network }),
    },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
