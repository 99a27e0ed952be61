import type { ClusterModel, ContainerGroup, NodeGroup } from "../types.ts";
import { memoryText, portText } from "./quantities.ts";

/**
 * The cluster as a text that `parseCluster` reads again: a line for each container, so that tools that work by lines can change it.
 * @param about what the first lines tell the reader
 */
export function clusterText({ nodes, networks }: ClusterModel, about: readonly string[]): string {
  return [
    ...about.map((line) => `# ${line.replace(/[\r\n]+/g, " ")}`),
    ...(networks.length > 0 ? [`networks: ${JSON.stringify(networks)}`] : []),
    "nodes:",
    ...nodes.flatMap(nodeLines),
    "",
  ].join("\n");
}

function nodeLines(node: NodeGroup): string[] {
  const { operatingSystem, kernelVersion, storageDriver } = node.system;
  const system = given({
    operatingsystem: operatingSystem,
    kernelversion: kernelVersion,
    storagedriver: storageDriver,
  });
  const fields = given({
    name: node.name,
    count: node.count === 1 ? "" : node.count,
    cpus: node.cpus,
    memory: memoryText(node.memoryBytes),
    version: node.version,
    availability: node.availability === "active" ? "" : node.availability,
    labels: node.labels,
    system,
  });
  const lines = Object.entries(fields).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`);
  const containers = node.containers.map((each) => `      - ${JSON.stringify(containerFields(each))}`);
  if (containers.length > 0) lines.push("    containers:", ...containers);
  return [`  - ${(lines[0] ?? "").trimStart()}`, ...lines.slice(1)];
}

const containerFields = (container: ContainerGroup): object =>
  given({
    name: container.name,
    count: container.count === 1 ? "" : container.count,
    image: container.image,
    state: container.state === "running" ? "" : container.state,
    "exit-code": container.exitCode || "",
    memory: container.memoryBytes && memoryText(container.memoryBytes),
    "memory-reservation": container.memoryReservationBytes && memoryText(container.memoryReservationBytes),
    cpus: container.cpus || "",
    ports: container.ports.map(portText),
    network: container.network,
    labels: container.labels,
  });

/** Without what says nothing. */
function given(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const says = (value: unknown): boolean =>
    typeof value === "object" && value !== null ? Object.keys(value).length > 0 : value !== "" && value !== 0;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => says(value)));
}
