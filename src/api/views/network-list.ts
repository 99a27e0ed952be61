import { badRequest } from "../../errors.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import type { NetworkSummary } from "../../docker/types.ts";
import { asksAsCompose } from "./compose-labels.ts";
import { hasLabels, parseGoBool, refuseUnknownKeys, wanted } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { listedName, networkEndpoints, resolveNetwork } from "./networks.ts";
import type { NetworkEndpoint, NetworkGroup } from "./networks.ts";
import { isNamed } from "./node-names.ts";
import { anyPattern } from "./pattern.ts";
import type { ContainerView } from "./types.ts";

/** Everything `GET /networks` filters by; `node` is ours. */
const networkFilterKeys: ReadonlySet<string> = new Set([
  "dangling",
  "driver",
  "id",
  "label",
  "name",
  "node",
  "scope",
  "type",
]);

const builtin: ReadonlySet<string> = new Set(["none", "host", "bridge"]);

type Endpoints = Readonly<Record<string, NetworkEndpoint>>;
/** What is attached to a network, by its ID. */
type EndpointsOf = (networkId: string) => Endpoints;
type NetworkTest = (group: NetworkGroup) => boolean;

export interface NetworkListQuery {
  readonly filters: DockerFilters;
  /** From the path prefix, or `undefined`. */
  readonly clientVersion: string | undefined;
}

/**
 * `GET /networks`: every network once, local ones as `node/name`, with the containers attached to it (images-networks-volumes.md §2.2). Ordered by listed name, then id.
 * @throws ApiError 400 for filter values an engine would refuse
 */
export function listNetworks(
  groups: readonly NetworkGroup[],
  containers: Iterable<ContainerView>,
  query: NetworkListQuery,
): readonly NetworkSummary[] {
  const attached = networkEndpoints(containers);
  return listNetworksWith(groups, (id) => attached.get(id) ?? {}, query);
}

/** {@link listNetworks}, what is attached looked up network by network. */
export function listNetworksWith(
  groups: readonly NetworkGroup[],
  endpointsOf: EndpointsOf,
  query: NetworkListQuery,
): readonly NetworkSummary[] {
  refuseUnknownKeys(query.filters, networkFilterKeys, query.clientVersion);
  const tests = networkTests(groups, query.filters, endpointsOf);
  const name = asksAsCompose(query.filters) ? ({ network }: NetworkGroup) => network.Name : listedName;
  return groups
    .filter((group) => tests.every((test) => test(group)))
    .map((group) => networkEntry(group, endpointsOf, name))
    .sort((a, b) => compareNatural(a.Name, b.Name) || (a.Id < b.Id ? -1 : 1));
}

/** A network as the list shows it. */
export const networkEntry = (
  group: NetworkGroup,
  endpointsOf: EndpointsOf,
  name: (group: NetworkGroup) => string = listedName,
): NetworkSummary => ({ ...group.network, Name: name(group), Containers: endpointsOf(group.network.Id) });

function networkTests(
  groups: readonly NetworkGroup[],
  filters: DockerFilters,
  endpointsOf: EndpointsOf,
): readonly NetworkTest[] {
  const make: Readonly<Record<string, (values: readonly string[]) => NetworkTest>> = {
    type: typeTest,
    label:
      (values) =>
      ({ network }) =>
        hasLabels(network.Labels as Record<string, string> | null | undefined, values),
    driver:
      (values) =>
      ({ network }) =>
        values.includes(network.Driver),
    scope:
      (values) =>
      ({ network }) =>
        values.includes(network.Scope),
    node:
      (values) =>
      ({ nodes }) =>
        values.some((value) => nodes.some((node) => isNamed(node, value))),
    id: (values) => {
      const resolved = values.map((value) => resolveNetwork(groups, value));
      return (group) =>
        resolved.includes(group) ||
        values.some((value) => value !== "" && group.network.Id.startsWith(value));
    },
    name: (values) => {
      const resolved = values.map((value) => resolveNetwork(groups, value));
      const matches = anyPattern(values);
      return (group) => resolved.includes(group) || matches(group.network.Name);
    },
    dangling: (values) => danglingTest(values, endpointsOf),
  };
  return Object.entries(make).flatMap(([key, test]) => {
    const values = wanted(filters, key);
    return values === undefined ? [] : [test(values)];
  });
}

function typeTest(values: readonly string[]): NetworkTest {
  const odd = values.find((value) => value !== "custom" && value !== "builtin");
  if (odd !== undefined) throw badRequest(`Invalid filter: 'type'='${odd}'`);
  return ({ network }) => values.includes(builtin.has(network.Name) ? "builtin" : "custom");
}

/** Dangling: made by somebody and used by nobody. */
function danglingTest(values: readonly string[], endpointsOf: EndpointsOf): NetworkTest {
  const flags = values.map((value) => {
    const flag = parseGoBool(value);
    if (flag === undefined) throw badRequest(`Invalid filter 'dangling=${value}'`);
    return flag;
  });
  return ({ network }) =>
    flags.includes(!builtin.has(network.Name) && Object.keys(endpointsOf(network.Id)).length === 0);
}
