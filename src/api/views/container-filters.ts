import { badRequest } from "../../errors.ts";
import type { ImageSummary } from "../../docker/types.ts";
import { healthName, stateName } from "./container-status.ts";
import { labelTest, parseGoBool, parseGoInt, wanted } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { imagesAndDescendants } from "./image-ancestry.ts";
import { isNamed } from "./node-names.ts";
import { anyPattern, exactOrRegex, remembered } from "./pattern.ts";
import { portsWanted } from "./port-filter.ts";
import { parseTimestamp } from "./timestamp.ts";
import type { ContainerView, NodeView } from "./types.ts";

/** Everything `GET /containers/json` filters by; `node` is ours, `isolation` is accepted and means nothing on Linux. */
export const containerFilterKeys: ReadonlySet<string> = new Set([
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "node",
  "publish",
  "since",
  "status",
  "volume",
]);

/** Marks a swarm-mode task's container. */
const taskLabel = "com.docker.swarm.task";

/** What the filters need to know beyond the container itself. */
export interface FilterContext {
  /** The images of one engine, for `ancestor`. */
  imagesOf(node: NodeView): Iterable<ImageSummary>;
}

export type ContainerTest = (container: ContainerView) => boolean;

/**
 * One test for all filters but `before` and `since`, which are about order. Patterns are compiled and numbers read once.
 * @throws ApiError when a value cannot be read (api.md §7.1)
 */
export function containerTest(filters: DockerFilters, context: FilterContext): ContainerTest {
  const tests: ContainerTest[] = [];
  for (const [key, make] of Object.entries(makers)) {
    const values = wanted(filters, key);
    if (values !== undefined) tests.push(make(values, context));
  }
  const ports = portsWanted(wanted(filters, "publish") ?? [], wanted(filters, "expose") ?? []);
  if (ports !== undefined) tests.push(({ summary }) => ports(summary.Ports ?? []));
  return (container) => tests.every((test) => test(container));
}

type Maker = (values: readonly string[], context: FilterContext) => ContainerTest;

const makers: Readonly<Record<string, Maker>> = {
  id: (values) => {
    const matches = anyPattern(values);
    return ({ summary }) => matches(summary.Id);
  },
  name: nameTest,
  label: (values) => {
    const has = labelTest(values);
    return (container) => has(labelsOf(container));
  },
  status: (values) => {
    const matches = remembered(anyPattern(values));
    return ({ inspect }) => matches(stateName(inspect.State));
  },
  node: (values) => {
    const matches = remembered(anyPattern(values));
    return ({ node }) => matches(node.name);
  },
  health:
    (values) =>
    ({ inspect }) =>
      values.includes(healthName(inspect.State)),
  exited: (values) => {
    const codes = new Set(values.map(parseGoInt));
    return ({ inspect: { State: state } }) =>
      !state.Running && parseTimestamp(state.StartedAt) !== undefined && codes.has(state.ExitCode);
  },
  "is-task": (values) => {
    const flags = values.map((value) => {
      const flag = parseGoBool(value);
      if (flag === undefined) throw badRequest(`Invalid filter 'is-task=${value}'`);
      return flag;
    });
    return ({ inspect }) => flags.includes(Object.hasOwn(inspect.Config.Labels ?? {}, taskLabel));
  },
  volume:
    (values) =>
    ({ summary }) =>
      (summary.Mounts ?? []).some(
        ({ Name, Destination }) =>
          (Name !== undefined && Name !== "" && values.includes(Name)) ||
          (Destination !== undefined && values.includes(Destination)),
      ),
  network:
    (values) =>
    ({ node, summary }) =>
      Object.entries(summary.NetworkSettings?.Networks ?? {}).some(([name, { NetworkID: id }]) =>
        values.some((value) => isNetwork(value, node, name, id ?? "")),
      ),
  ancestor: ancestorTest,
};

/**
 * By the container's own name, not its link aliases. A value holding `/` is also tried on `/name` and `node/name`; others are not, or `name=node` would
 * find every container of node-1.
 */
function nameTest(values: readonly string[]): ContainerTest {
  const tests = values.map((value) => {
    const matches = exactOrRegex(value);
    if (!value.includes("/")) return (_node: string, name: string) => matches(name);
    return (node: string, name: string) =>
      matches(name) || matches(`/${name}`) || matches(`${node}/${name}`) || matches(`/${node}/${name}`);
  });
  return (container) => {
    const name = ownName(container);
    return tests.some((test) => test(container.node.name, name));
  };
}

export const labelsOf = ({ inspect, summary }: ContainerView): Readonly<Record<string, string>> | null =>
  inspect.Config.Labels ?? summary.Labels;

/** Its own name, not a link alias, without the leading slash. */
export function ownName({ inspect, summary }: ContainerView): string {
  return (inspect.Name === "" ? (summary.Names?.[0] ?? "") : inspect.Name).replace(/^\//, "");
}

/** By name, `node/name` as our network list shows it, or id prefix. */
function isNetwork(value: string, node: NodeView, name: string, id: string): boolean {
  if (value === name || (id !== "" && id.startsWith(value))) return true;
  const slash = value.indexOf("/");
  return slash > 0 && value.slice(slash + 1) === name && isNamed(node, value.slice(0, slash));
}

/** The image or one built upon it; which images that are is worked out once per engine. */
function ancestorTest(values: readonly string[], context: FilterContext): ContainerTest {
  const families = new Map<NodeView, ReadonlySet<string>>();
  return ({ node, inspect, summary }) => {
    let family = families.get(node);
    if (family === undefined) {
      family = imagesAndDescendants(context.imagesOf(node), values);
      families.set(node, family);
    }
    return family.has(inspect.Image) || family.has(summary.ImageID);
  };
}
