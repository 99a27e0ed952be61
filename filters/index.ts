import type { Filter, FilterName } from "../src/scheduler/types.ts";
import { affinityFilter } from "./affinity.ts";
import { constraintFilter } from "./constraint.ts";
import { containerSlotsFilter } from "./container-slots.ts";
import { dependencyFilter } from "./dependency.ts";
import { healthFilter } from "./health.ts";
import { portFilter } from "./port.ts";
import { whitelistFilter } from "./whitelist.ts";

/** Every filter, in the default order (spec: scheduling.md §6). */
export const FILTERS: readonly Filter[] = [
  healthFilter,
  portFilter,
  containerSlotsFilter,
  dependencyFilter,
  affinityFilter,
  constraintFilter,
  whitelistFilter,
];

/** The names in the default order: what applies when no `--filter` is given. */
export const FILTER_NAMES: readonly FilterName[] = FILTERS.map(({ name }) => name);

/** The filters for work that runs no container, such as a registry login: any engine that answers will do (B12). */
export const HEALTH_ONLY: readonly Filter[] = [healthFilter];

/**
 * The filters of these names, in the order given.
 * @throws Error `filter not supported`
 */
export function filtersByName(names: readonly string[]): readonly Filter[] {
  return names.map((wanted) => {
    const filter = FILTERS.find(({ name }) => name === wanted);
    if (filter === undefined) throw new Error("filter not supported");
    return filter;
  });
}
