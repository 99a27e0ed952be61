import { sortableTimestamp } from "./timestamp.ts";
import type { ContainerView } from "./types.ts";

/** A container with its place in the list. */
export interface Ranked {
  readonly container: ContainerView;
  /** When it was created, engines' clocks evened out; sorts as text. */
  readonly created: string;
}

/** @param clockDeltaMs manager's clock minus the engine's */
export const rank = (container: ContainerView, clockDeltaMs = container.node.clockDeltaMs): Ranked => ({
  container,
  created: sortableTimestamp(container.inspect.Created, clockDeltaMs),
});

/** The order of the list (api.md §7.1). Ties end at the ID, so it is the same every time. */
export const newestFirst = (a: Ranked, b: Ranked): number =>
  compareText(b.created, a.created) || compareText(a.container.summary.Id, b.container.summary.Id);

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
