import { rank } from "../container-order.ts";
import type { ContainerView, NodeView } from "../types.ts";
import type { Entry } from "./page.ts";

/** What of a node shows in the entries of its containers, or in their order. */
type Shown = Pick<NodeView, "name" | "ip" | "state" | "clockDeltaMs">;

interface ListedNode {
  shown: Shown;
  /** By container ID. */
  readonly entries: Map<string, Entry>;
}

const shownOf = ({ name, ip, state, clockDeltaMs }: NodeView): Shown => ({ name, ip, state, clockDeltaMs });

/** The nodes of the listed containers. They change without telling, so they are compared before each list. */
export class ListedNodes {
  readonly #nodes = new Map<NodeView, ListedNode>();

  /** Gives the container its place, for as long as its node does not change. */
  add(container: ContainerView): Entry {
    let node = this.#nodes.get(container.node);
    if (node === undefined) {
      node = { shown: shownOf(container.node), entries: new Map() };
      this.#nodes.set(container.node, node);
    }
    const entry = entryFor(container, node.shown);
    node.entries.set(container.summary.Id, entry);
    return entry;
  }

  remove(container: ContainerView): Entry | undefined {
    const node = this.#nodes.get(container.node);
    const entry = node?.entries.get(container.summary.Id);
    if (node?.entries.delete(container.summary.Id) === true && node.entries.size === 0)
      this.#nodes.delete(container.node);
    return entry;
  }

  entryOf(container: ContainerView): Entry | undefined {
    return this.#nodes.get(container.node)?.entries.get(container.summary.Id);
  }

  /** Ranks anew what is on nodes that changed since they were last compared. */
  *changed(): Generator<{ readonly from: Entry; readonly to: Entry }> {
    for (const [view, node] of this.#nodes) {
      const { shown } = node;
      if (
        shown.state === view.state &&
        shown.name === view.name &&
        shown.ip === view.ip &&
        shown.clockDeltaMs === view.clockDeltaMs
      )
        continue;
      node.shown = shownOf(view);
      for (const [id, from] of node.entries) {
        const to = entryFor(from.container, node.shown);
        node.entries.set(id, to);
        yield { from, to };
      }
    }
  }
}

const entryFor = (container: ContainerView, { clockDeltaMs }: Shown): Entry => ({
  container,
  created: rank(container, clockDeltaMs).created,
  page: undefined,
});
