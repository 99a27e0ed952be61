import { notFound } from "../../errors.ts";
import type { ContainerSummary } from "../../docker/types.ts";
import { containerFilterKeys, containerTest } from "./container-filters.ts";
import type { FilterContext } from "./container-filters.ts";
import { newestFirst, rank, type Ranked } from "./container-order.ts";
import { containerStatus } from "./container-status.ts";
import { refuseUnknownKeys, wanted } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { listedPorts } from "./ports.ts";
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

/** What a query asks for, made ready to be asked of one container after another. */
export interface ListRules {
  /** Is it visible, and does it pass the filters? */
  readonly admits: (container: ContainerView) => boolean;
  /** Is its place where `before` and `since` allow? */
  readonly inRange: (entry: Ranked) => boolean;
  /** ≤ 0: no limit. */
  readonly limit: number;
  /** Everything, or everything that runs; undefined: a choice of them. */
  readonly plain: "all" | "running" | undefined;
}

/**
 * Api.md §7.1 steps 1–3 and 5–6, with A7.
 * @throws ApiError 404 for an unknown `before` or `since`, 400 for unknown filter keys, 500 for unreadable values
 */
export function listRules(query: ContainerListQuery, context: ContainerListContext): ListRules {
  const { filters, limit, before } = query;
  refuseUnknownKeys(filters, containerFilterKeys, query.clientVersion);
  const all = query.all || wanted(filters, "status") !== undefined;
  const withStopped = all || limit > 0 || before !== undefined;
  const passes = containerTest(filters, context);
  const isPlain =
    limit <= 0 && before === undefined && [...filters.values()].every((values) => values.length === 0);
  return {
    admits: (container) =>
      container.node.state !== "Pending" &&
      (withStopped || isUp(container)) &&
      (all || !isSwarmItself(container)) &&
      passes(container),
    inRange: rangeTest(query, context),
    limit,
    plain: isPlain ? (all ? "all" : "running") : undefined,
  };
}

/** Which containers to list, newest first. @throws ApiError as {@link listRules} does */
export const selectContainers = (
  containers: Iterable<ContainerView>,
  query: ContainerListQuery,
  context: ContainerListContext,
): readonly ContainerView[] => selectBy(listRules(query, context), containers);

/** {@link selectContainers} by rules that are made ready. */
export function selectBy(
  { admits, inRange, limit }: ListRules,
  containers: Iterable<ContainerView>,
): readonly ContainerView[] {
  const ranked: Ranked[] = [];
  for (const container of containers) {
    if (!admits(container)) continue;
    const entry = rank(container);
    if (inRange(entry)) ranked.push(entry);
  }
  ranked.sort(newestFirst);
  const kept = limit > 0 ? ranked.slice(0, limit) : ranked;
  return kept.map(({ container }) => container);
}

export const isUp = ({ node, inspect }: ContainerView): boolean =>
  node.state === "Healthy" && inspect.State.Running;

/** The managers and agents of a classic cluster run from an image called `swarm`; nobody wants to see them. */
export const isSwarmItself = ({ summary: { Image } }: ContainerView): boolean =>
  Image === "swarm" || Image.startsWith("swarm:");

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
export const listEntry = (container: ContainerView, nowMs: number): ContainerSummary =>
  entryWithStatus(container, containerStatus(container, nowMs));

/** {@link listEntry}, its `Status` given. */
export function entryWithStatus(container: ContainerView, status: string): ContainerSummary {
  const { node, summary, inspect } = container;
  return {
    ...summary,
    Names: (summary.Names ?? []).map((name) => `/${node.name}${name}`),
    Created: summary.Created + Math.round(node.clockDeltaMs / 1_000),
    Ports: listedPorts(summary.Ports, node.ip),
    Labels: inspect.Config.Labels ?? summary.Labels,
    Status: status,
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
