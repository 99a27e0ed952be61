import { MAX_CONTAINERS, MAX_NODES } from "../limits.ts";
import type { ClusterModel, ContainerGroup, NodeGroup, PortModel } from "../types.ts";
import { parseMemory, parsePort } from "./quantities.ts";
import { PlaceError, readOr, Section, type Place } from "./section.ts";

// prettier-ignore
const NODE_KEYS = ["name", "count", "cpus", "memory", "labels", "version", "system", "availability", "containers"];
const SYSTEM_KEYS = ["operatingsystem", "kernelversion", "storagedriver"];
// prettier-ignore
const CONTAINER_KEYS = ["name", "count", "image", "labels", "memory", "memory-reservation", "cpus", "ports", "state", "exit-code", "network"];

/** Smaller machines run no engine. */
const LEAST_NODE_MEMORY = 16 * 1024 ** 2;
/** The engine's own limit. */
const LEAST_CONTAINER_MEMORY = 6 * 1024 ** 2;

/**
 * The cluster that the parsed text of a file describes (docs/simulator.md has the keys).
 * @param value mappings, lists and texts: numbers are still texts
 * @throws PlaceError at the first fault
 */
export function readCluster(value: unknown): ClusterModel {
  const file = new Section([], value, ["nodes", "networks"]);
  const nodes = file.list("nodes", readNodes);
  if (nodes.length === 0) throw new PlaceError(["nodes"], "should have at least one entry");
  return { nodes, networks: file.list("networks", networkName) };
}

function readNodes(value: unknown, place: Place): NodeGroup {
  const section = new Section(place, value, NODE_KEYS);
  const count = section.whole("count", 1, 1, MAX_NODES);
  const name = section.text("name", count === 1 ? undefined : "node-{n}");
  const known = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
  if (!known.test(name.replaceAll("{n}", "1")))
    throw new PlaceError(section.at("name"), `should be letters, digits, "_", "." and "-", and {n}`);
  if (count > 1 && !name.includes("{n}"))
    throw new PlaceError(
      section.at("name"),
      `should have {n} in it, for the number of each of the ${count} nodes`,
    );
  const system = section.section("system", SYSTEM_KEYS);
  return {
    name,
    count,
    cpus: section.whole("cpus", 4, 1, 4_096),
    memoryBytes: section.value("memory", 8 * 1024 ** 3, "an amount of at least 16MiB such as 64GiB", (text) =>
      atLeast(LEAST_NODE_MEMORY, parseMemory(text)),
    ),
    labels: section.texts("labels"),
    version: section.value("version", "", "a version such as 28.5.1", (text) =>
      /^\d+(\.\d+)+[\w.~+-]*$/.test(text) ? text : undefined,
    ),
    system: {
      operatingSystem: system.text("operatingsystem", ""),
      kernelVersion: system.text("kernelversion", ""),
      storageDriver: system.text("storagedriver", ""),
    },
    availability: section.word("availability", ["active", "pause", "drain"]),
    containers: section.list("containers", (each, at) => readContainers(each, at, count)),
  };
}

function readContainers(value: unknown, place: Place, nodes: number): ContainerGroup {
  const section = new Section(place, value, CONTAINER_KEYS);
  const count = section.whole("count", 1, 0, MAX_CONTAINERS);
  const amount = "an amount of at least 6MiB such as 512MiB";
  const memory = (text: string): number | undefined => atLeast(LEAST_CONTAINER_MEMORY, parseMemory(text));
  const ports = section.list("ports", readPort);
  const fixed = ports.findIndex(({ hostPort }) => /^\d+$/.test(hostPort));
  if (count > 1 && fixed >= 0)
    throw new PlaceError(
      [...section.at("ports"), fixed],
      `cannot be the port of ${count} containers of one node: give a range of host ports, or none`,
    );
  return {
    name: containerName(section, count, nodes),
    count,
    image: section.value("image", "busybox", "the name of an image", (text) =>
      /\s/.test(text) ? undefined : text,
    ),
    labels: section.texts("labels"),
    memoryBytes: section.value("memory", 0, amount, memory),
    memoryReservationBytes: section.value("memory-reservation", 0, amount, memory),
    cpus: section.value("cpus", 0, "a number of CPUs such as 0.5", (text) =>
      /^\d{1,4}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined,
    ),
    ports,
    state: section.word("state", ["running", "created", "paused", "exited"]),
    exitCode: section.whole("exit-code", 0, 0, 255),
    network: section.value("network", "", "a network's name or host, none, bridge", (text) =>
      networkOr(text),
    ),
  };
}

function containerName(section: Section, count: number, nodes: number): string {
  const name = section.text("name");
  const place = section.at("name");
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name.replaceAll(/\{(n|node)\}/g, "00")))
    throw new PlaceError(place, `should be letters, digits, "_", "." and "-", and {n} and {node}`);
  if (count > 1 && !name.includes("{n}"))
    throw new PlaceError(place, `should have {n} in it, for the number of each of the ${count} containers`);
  if (nodes > 1 && count > 0 && !name.includes("{node}"))
    throw new PlaceError(
      place,
      `should have {node} in it: names are unique in a cluster, and ${nodes} nodes have it`,
    );
  return name;
}

const readPort = (value: unknown, place: Place): PortModel =>
  readOr(
    place,
    typeof value === "string" ? value : "",
    `a port as docker run -p takes it: "8080:80"`,
    parsePort,
  );

const networkName = (value: unknown, place: Place): string =>
  readOr(place, typeof value === "string" ? value : "", "a network's name", networkOr);

const networkOr = (text: string): string | undefined =>
  /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text) ? text : undefined;

const atLeast = (least: number, amount: number | undefined): number | undefined =>
  amount !== undefined && amount >= least ? amount : undefined;
