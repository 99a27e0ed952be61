import type { ClusterModel, ContainerGroup, NodeGroup } from "../../src/simulate/types.ts";

/** A container that says nothing special. */
export const container = (parts: Partial<ContainerGroup> = {}): ContainerGroup => ({
  name: "web",
  count: 1,
  image: "busybox",
  labels: {},
  memoryBytes: 0,
  memoryReservationBytes: 0,
  cpus: 0,
  ports: [],
  state: "running",
  exitCode: 0,
  network: "",
  ...parts,
});

/** A node without containers. */
export const node = (parts: Partial<NodeGroup> = {}): NodeGroup => ({
  name: "node-1",
  count: 1,
  cpus: 4,
  memoryBytes: 8 * 1024 ** 3,
  labels: {},
  version: "",
  system: { operatingSystem: "", kernelVersion: "", storageDriver: "" },
  availability: "active",
  containers: [],
  ...parts,
});

export const cluster = (...nodes: NodeGroup[]): ClusterModel => ({ nodes, networks: [] });
