import type { Unknown, WirePortMap } from "../../docker/types.ts";
import { inspectedPorts } from "./ports.ts";
import type { NodeView } from "./types.ts";

/** The `Node` of an inspect answer. Real CPUs and memory, without overcommit. */
export function nodeObject(node: NodeView): Readonly<Record<string, unknown>> {
  return {
    ID: node.id,
    IP: node.ip,
    Addr: node.addr,
    Name: node.name,
    Cpus: node.cpus,
    Memory: node.memoryBytes,
    Labels: Object.fromEntries(node.labels),
  };
}

/**
 * An engine's inspect answer as the cluster gives it: `Node` stands between `LogPath` and `Name`, published ports carry the engine's address
 * (api.md §7.2, A8). Every other field keeps its place and value.
 */
export function inspectEntry(inspect: Readonly<Unknown>, node: NodeView): Unknown {
  const entry: Unknown = {};
  for (const [key, value] of Object.entries(inspect)) {
    if (key === "Node") continue;
    if (key === "Name") entry.Node = nodeObject(node);
    entry[key] = key === "NetworkSettings" ? withNodePorts(value, node.ip) : value;
  }
  entry.Node ??= nodeObject(node);
  return entry;
}

function withNodePorts(settings: unknown, nodeIp: string): unknown {
  if (!isObject(settings) || !isObject(settings.Ports)) return settings;
  return { ...settings, Ports: inspectedPorts(settings.Ports as WirePortMap, nodeIp) };
}

const isObject = (value: unknown): value is Unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value);
