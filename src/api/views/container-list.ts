import { notFound } from "../../errors.ts";
import type { ContainerSummary } from "../../docker/types.ts";
import { containerFilterKeys, containerTest } from "./container-filters.ts";
import type { FilterContext } from "./container-filters.ts";
import { containerStatus } from "./container-status.ts";
import { refuseUnknownKeys, wanted } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { listedPorts } from "./ports.ts";
import { sortableTimestamp } from "./timestamp.ts";
import type { ContainerView } from "./types.ts";

/** `GET /containers/json`, decoded. */
export interface ContainerListQuery {
  readonly all: boolean;
  /** ≤ 0: no limit. */
  readonly limit: number;
  /** A container reference, or `undefined`. */
  readonly before: string | undefined;
  readonly filters: DockerFilters;
  /** From the path prefix, or `undefined`. */
  readonly clientVersion: string | undefined;
}

export interface ContainerListContext extends FilterContext {
  /** Resolves a container reference (api.md §3.1). */
  find(reference: string): ContainerView | undefined;
}

interface Ranked {
  readonly container: ContainerView;
  readonly created: string;
}

/**
 * Which containers to list, newest first (api.md §7.1 steps 1–6 with A7). Ties end at the id, so the order is the same every time.
 * @throws ApiError 404 for an unknown `before` or `since`, 400 for unknown filter keys, 500 for unreadable values
 */
export function selectContainers(
  containers: Iterable<ContainerView>,
  query: ContainerListQuery,
  context: ContainerListContext,
): readonly ContainerView[] {
  refuseUnknownKeys(query.filters, containerFilterKeys, query.clientVersion);
  const all = query.all || wanted(query.filters, "status") !== undefined;
  const withStopped = all || query.limit > 0 || query.before !== undefined;
  const passes = containerTest(query.filters, context);
  const inRange = rangeTest(query, context);

  const ranked: Ranked[] = [];
  for (const container of containers) {
    if (container.node.state === "Pending") continue;
    if (!withStopped && !isUp(container)) continue;
    if (!all && isSwarmItself(container)) continue;
    if (!passes(container)) continue;
    const entry = rank(container);
    if (inRange(entry)) ranked.push(entry);
  }
  ranked.sort(newestFirst);
  const kept = query.limit > 0 ? ranked.slice(0, query.limit) : ranked;
  return kept.map(({ container }) => container);
}

const isUp = ({ node, inspect }: ContainerView): boolean => node.state === "Healthy" && inspect.State.Running;

/** The managers and agents of a classic cluster run from an image called `swarm`; nobody wants to see them. */
const isSwarmItself = ({ summary }: ContainerView): boolean => summary.Image.split(":", 1)[0] === "swarm";

const rank = (container: ContainerView): Ranked => ({
  container,
  created: sortableTimestamp(container.inspect.Created, container.node.clockDeltaMs),
});

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const newestFirst = (a: Ranked, b: Ranked): number =>
  compareText(b.created, a.created) || compareText(a.container.summary.Id, b.container.summary.Id);

/** `before` and `since`, parameter and filters: places in the order, so it does not matter whether the named container is listed itself. */
function rangeTest(query: ContainerListQuery, context: ContainerListContext): (entry: Ranked) => boolean {
  const find = (reference: string, message: string): Ranked => {
    const container = context.find(reference);
    if (container === undefined) throw notFound(message);
    return rank(container);
  };
  const older = (wanted(query.filters, "before") ?? []).map((ref) => find(ref, `No such container: ${ref}`));
  if (query.before !== undefined) older.push(find(query.before, `No such container ${query.before}`));
  const newer = (wanted(query.filters, "since") ?? []).map((ref) => find(ref, `No such container: ${ref}`));
  return (entry) =>
    older.every((limit) => newestFirst(limit, entry) < 0) &&
    newer.every((limit) => newestFirst(entry, limit) < 0);
}

/** A container's list entry as the client gets it: the engine's own, but for what only the cluster knows (api.md §7.1). */
export function listEntry(container: ContainerView, nowMs: number): ContainerSummary {
  const { node, summary, inspect } = container;
  return {
    ...summary,
    Names: (summary.Names ?? []).map((name) => `/${node.name}${name}`),
    Created: summary.Created + Math.round(node.clockDeltaMs / 1_000),
    Ports: listedPorts(summary.Ports, node.ip),
    Labels: inspect.Config.Labels ?? summary.Labels,
    Status: containerStatus(container, nowMs),
  };
}

/** The whole answer: {@link selectContainers}, each as {@link listEntry}. */
export function listContainers(
  containers: Iterable<ContainerView>,
  query: ContainerListQuery,
  context: ContainerListContext,
  nowMs: number,
): readonly ContainerSummary[] {
  return selectContainers(containers, query, context).map((container) => listEntry(container, nowMs));
}
