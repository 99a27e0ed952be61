import { notFound } from "../../errors.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import type { NetworkSummary } from "../../docker/types.ts";
import { NetworkIndex } from "./network-index.ts";
import { isNamed } from "./node-names.ts";
import type { ContainerView, NetworkView, NodeView } from "./types.ts";

/** One network and every engine that has it: one for a local network, several for one that spans engines. */
export interface NetworkGroup {
  readonly network: NetworkSummary;
  readonly nodes: readonly [NodeView, ...NodeView[]];
}

/**
 * Copies of one network brought together. Local networks stay apart even when machines cloned from one disk gave them the same id.
 */
export function groupNetworks(networks: Iterable<NetworkView>): readonly NetworkGroup[] {
  const groups = new Map<string, { network: NetworkSummary; nodes: [NodeView, ...NodeView[]] }>();
  for (const { node, network } of networks) {
    if (node.state === "Pending") continue;
    const key = isLocal(network) ? `${node.addr}/${network.Id}` : network.Id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { network, nodes: [node] });
    else group.nodes.push(node);
  }
  return [...groups.values()];
}

export const isLocal = (network: NetworkSummary): boolean => network.Scope === "local";

/** The name as the cluster lists it: `node/name` for a local network. */
export const listedName = ({ network, nodes: [owner] }: NetworkGroup): string =>
  isLocal(network) ? `${owner.name}/${network.Name}` : network.Name;

/** The order of the list: by listed name, then ID. */
export const byListedName = (a: NetworkGroup, b: NetworkGroup): number =>
  compareNatural(listedName(a), listedName(b)) || (a.network.Id < b.network.Id ? -1 : 1);

/**
 * The network a reference means (images-networks-volumes.md §2.1, any engine's copy counting, A17). A bare name several networks share means none of them.
 */
export function resolveNetwork(groups: readonly NetworkGroup[], reference: string): NetworkGroup | undefined {
  if (reference === "") return undefined;
  const index = indexOf(groups);
  const byId = index.withId(reference);
  if (byId !== undefined) return byId;
  const byName = new Set([...index.named(reference), ...onNamedNode(index, reference)]);
  if (byName.size > 0) return byName.size === 1 ? [...byName][0] : undefined;
  return index.named(`/${reference}`)[0] ?? index.withIdPrefix(reference);
}

/** Those `node/name` means; the names of nodes hold no slashes. */
function onNamedNode(index: NetworkIndex, reference: string): readonly NetworkGroup[] {
  const slash = reference.indexOf("/");
  if (slash <= 0) return [];
  const node = reference.slice(0, slash);
  return index
    .named(reference.slice(slash + 1))
    .filter(({ nodes }) => nodes.some((each) => isNamed(each, node)));
}

/** Every network that engines call by this name. */
export const networksNamed = (groups: readonly NetworkGroup[], name: string): readonly NetworkGroup[] =>
  indexOf(groups).named(name);

const indexes = new WeakMap<readonly NetworkGroup[], NetworkIndex>();

function indexOf(groups: readonly NetworkGroup[]): NetworkIndex {
  let index = indexes.get(groups);
  if (index === undefined) indexes.set(groups, (index = new NetworkIndex(groups)));
  return index;
}

/**
 * As {@link resolveNetwork}, for routes about one network.
 * @throws ApiError 404 `No such network: X`
 */
export function requireNetwork(groups: readonly NetworkGroup[], reference: string): NetworkGroup {
  const group = resolveNetwork(groups, reference);
  if (group === undefined) throw notFound(`No such network: ${reference}`);
  return group;
}

/**
 * An endpoint key of a create body without its node: `node-1/net` → `net` when `node-1` is an engine; anything else stays (§2.8).
 * @param isNode whether a text names an engine
 */
export function bareEndpointName(key: string, isNode: (text: string) => boolean): string {
  const slash = key.indexOf("/");
  return slash > 0 && isNode(key.slice(0, slash)) ? key.slice(slash + 1) : key;
}

/** An entry of a network's `Containers`. */
export interface NetworkEndpoint {
  readonly Name: string;
  readonly EndpointID: string;
  readonly MacAddress: string;
  readonly IPv4Address: string;
  readonly IPv6Address: string;
}

/**
 * The containers attached to each network, from the list of containers: network id → container id → endpoint. Endpoints without an id, which stopped containers leave
 * behind, are not attached (A18).
 */
export function networkEndpoints(
  containers: Iterable<ContainerView>,
): ReadonlyMap<string, Readonly<Record<string, NetworkEndpoint>>> {
  const attached = new Map<string, Record<string, NetworkEndpoint>>();
  for (const container of containers) {
    for (const { NetworkID: id } of Object.values(container.summary.NetworkSettings?.Networks ?? {})) {
      const endpoint = id === undefined || id === "" ? undefined : endpointIn(container, id);
      if (id === undefined || endpoint === undefined) continue;
      const others = attached.get(id) ?? {};
      others[container.summary.Id] = endpoint;
      attached.set(id, others);
    }
  }
  return attached;
}

/** Where a container is attached to a network; undefined: it is not (A18). */
export function endpointIn(
  { summary, inspect }: ContainerView,
  networkId: string,
): NetworkEndpoint | undefined {
  let found: NetworkEndpoint | undefined;
  for (const endpoint of Object.values(summary.NetworkSettings?.Networks ?? {})) {
    const endpointId = text(endpoint.EndpointID);
    if (endpoint.NetworkID !== networkId || endpointId === "") continue;
    found = {
      Name: inspect.Name.replace(/^\//, ""),
      EndpointID: endpointId,
      MacAddress: text(endpoint.MacAddress),
      IPv4Address: withPrefix(endpoint.IPAddress, endpoint.IPPrefixLen),
      IPv6Address: withPrefix(endpoint.GlobalIPv6Address, endpoint.GlobalIPv6PrefixLen),
    };
  }
  return found;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const withPrefix = (address: unknown, length: unknown): string =>
  text(address) === "" ? "" : `${text(address)}/${typeof length === "number" ? length : 0}`;
