import { forEachLimited } from "../../cluster/for-each-limited.ts";
import { BUILT_IN_LABELS } from "../../cluster/engine-specs.ts";
import { withOvercommit } from "../../scheduler/resources.ts";
import type { ClusterModel, ContainerGroup, NodeAvailability, NodeGroup } from "../types.ts";
import { copiedContainer } from "./copied-container.ts";
import { infoNodes, type InfoNode } from "./info-nodes.ts";

/** The manager that is copied: it is only read. */
export interface CopySource {
  /** A GET and what came of it: the parsed body, or the words of a refusal. Rejects when nobody answers. */
  get(path: string): Promise<CopyAnswer>;
}

export interface CopyAnswer {
  readonly status: number;
  /** Of a status below 300. */
  readonly body?: unknown;
  /** Of others. */
  readonly message?: string;
}

export interface CopyOptions {
  /** Told how many of the containers are read. */
  readonly onProgress?: (read: number, of: number) => void;
  /** Aborted: the copy ends with its reason. */
  readonly signal?: AbortSignal;
  /** Requests at a time. Default 8: the manager has other work. */
  readonly parallel?: number;
  /** The manager's `swarm.overcommit`, which is in the sizes it shows. Default 0.05, as everywhere. */
  readonly overcommit?: number;
}

/** A cluster that was copied, and what of it was not. */
export interface ClusterCopy {
  readonly model: ClusterModel;
  /** One sentence each, for the user. */
  readonly notes: readonly string[];
}

/** What answered is not a swarm manager. */
export class NotAManagerError extends Error {
  constructor() {
    super("it is no swarm manager: its info names no nodes");
    this.name = new.target.name;
  }
}

interface Listed {
  readonly Id: string;
  readonly Names?: readonly string[] | null;
  readonly Image?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly State?: string;
}

interface Node extends InfoNode {
  readonly containers: ContainerGroup[];
}

/**
 * Reads a manager's nodes and containers, ours or the original's, by GETs of `/info`, `/containers/json`, each container, and the operator's
 * list of nodes where there is one, which has labels and availability exactly.
 * @throws NotAManagerError, {Error} with the manager's words when it refuses its lists, or what the source throws
 */
export async function copyCluster(source: CopySource, options: CopyOptions = {}): Promise<ClusterCopy> {
  const { onProgress, signal, parallel = 8, overcommit = 0.05 } = options;
  const told = infoNodes(await required(source, "/info"));
  if (told === undefined) throw new NotAManagerError();
  // The original has no such endpoint, and a policy may forbid it.
  const labels = exactLabels((await source.get("/cluster/nodes")).body);
  const nodes = new Map<string, Node>();
  const left = { nodes: 0, containers: 0, details: 0 };
  for (const node of told) {
    if (node.cpus <= 0 || node.memoryBytes <= 0 || nodes.has(node.name)) left.nodes++;
    else
      nodes.set(node.name, {
        ...node,
        cpus: withoutOvercommit(node.cpus, overcommit),
        memoryBytes: withoutOvercommit(node.memoryBytes, overcommit),
        labels: labels.get(node.addr) ?? node.labels,
        containers: [],
      });
  }

  const listed = (await required(source, "/containers/json?all=1")) as readonly Listed[];
  let read = 0;
  await forEachLimited(listed, parallel, async (entry) => {
    signal?.throwIfAborted();
    const owner = ownerOf(entry.Names ?? [], nodes);
    const { status, body } = owner ? await source.get(`/containers/${entry.Id}/json`) : { status: 404 };
    if (owner === undefined || status === 404) left.containers++;
    else {
      // The engine may be down: then the list has to do.
      if (body === undefined) left.details++;
      owner.node.containers.push(copiedContainer(body ?? asInspect(entry), owner.name, owner.node.cpus));
    }
    onProgress?.(++read, listed.length);
  });
  return {
    model: { nodes: [...nodes.values()].map(groupOf), networks: [] },
    notes: notesOn(left),
  };
}

async function required(source: CopySource, path: string): Promise<unknown> {
  const { status, body, message } = await source.get(path);
  if (status >= 300) throw new Error(`GET ${path}: ${message ?? status}`);
  return body;
}

const asInspect = ({ Image, Labels, State }: Listed): object => ({
  State: { Status: State },
  Config: { Image, Labels },
});

/** What a machine has of which a manager shows so much. @see withOvercommit, whose division truncates */
function withoutOvercommit(shown: number, overcommit: number): number {
  const about = Math.floor((shown * 100) / (100 + Math.trunc(100 * overcommit)));
  for (const each of [about - 1, about, about + 1, about + 2])
    if (each > 0 && withOvercommit(each, overcommit) >= shown) return each;
  return Math.max(1, about);
}

/** Whose a container is, and its own name: `/node-1/web`. Names of links have more parts. */
function ownerOf(
  names: readonly string[],
  nodes: ReadonlyMap<string, Node>,
): { readonly node: Node; readonly name: string } | undefined {
  for (const each of names) {
    const [, nodeName = "", name = ""] = /^\/([^/]+)\/([^/]+)$/.exec(each) ?? [];
    const node = nodes.get(nodeName);
    if (node !== undefined) return { node, name };
  }
  return undefined;
}

/** By address, where the manager has the operator's endpoints. */
function exactLabels(nodes: unknown): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const list = (Array.isArray(nodes) ? nodes : []) as {
    Addr?: string;
    Labels?: Record<string, string>;
    EngineLabels?: Record<string, string>;
  }[];
  return new Map(list.map(({ Addr = "", Labels, EngineLabels }) => [Addr, { ...EngineLabels, ...Labels }]));
}

function groupOf(node: Node): NodeGroup {
  const { name, cpus, memoryBytes, labels, serverVersion, containers } = node;
  const own = Object.entries(labels).filter(([key]) => !BUILT_IN_LABELS.includes(key));
  return {
    ...{ name, count: 1, cpus, memoryBytes, labels: Object.fromEntries(own) },
    version: /^\d+\.\d+/.test(serverVersion) ? serverVersion : "",
    system: {
      operatingSystem: labels.operatingsystem ?? "",
      kernelVersion: labels.kernelversion ?? "",
      storageDriver: labels.storagedriver ?? "",
    },
    availability: availabilityOf(node.availability),
    // Always the same file of the same cluster, in whatever order the answers came.
    containers: containers.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const availabilityOf = (text: string): NodeAvailability =>
  text === "pause" || text === "drain" ? text : "active";

const notesOn = (left: Readonly<Record<"nodes" | "containers" | "details", number>>): readonly string[] => [
  ...(left.nodes > 0
    ? [`${left.nodes} nodes are left out: the manager does not know their size, or their name twice`]
    : []),
  ...(left.containers > 0
    ? [`${left.containers} containers are left out: their node is, or they were removed meanwhile`]
    : []),
  ...(left.details > 0
    ? [`${left.details} containers are copied without their limits and ports: their node did not tell`]
    : []),
  "Not copied: environment, commands, volumes and binds, all networks but the first of a container, images without a container, secrets",
];
