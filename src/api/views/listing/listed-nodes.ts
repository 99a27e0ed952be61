import { rank, type Ranked } from "../container-order.ts";
import type { ContainerView, NodeView } from "../types.ts";

/** What of a node shows in the entries of its containers, or in their order. */
type Shown = Pick<NodeView, "name" | "ip" | "state" | "clockDeltaMs">;

interface ListedNode {
  shown: Shown;
  readonly entries: Map<ContainerView, Ranked>;
}

const shownOf = ({ name, ip, state, clockDeltaMs }: NodeView): Shown => ({ name, ip, state, clockDeltaMs });

/** The nodes of the listed containers. They change without telling, so they are compared before each list. */
export class ListedNodes {
  readonly #nodes = new Map<NodeView, ListedNode>();

  /** Gives the container its place, for as long as neither it nor its node changes. */
  add(container: ContainerView): Ranked {
    let node = this.#nodes.get(container.node);
    if (node === undefined) {
      node = { shown: shownOf(container.node), entries: new Map() };
      this.#nodes.set(container.node, node);
    }
    const entry = rank(container, node.shown.clockDeltaMs);
    node.entries.set(container, entry);
    return entry;
  }

  remove(container: ContainerView): Ranked | undefined {
    const node = this.#nodes.get(container.node);
    const entry = node?.entries.get(container);
    if (node?.entries.delete(container) === true && node.entries.size === 0)
      this.#nodes.delete(container.node);
    return entry;
  }

  entryOf(container: ContainerView): Ranked | undefined {
    return this.#nodes.get(container.node)?.entries.get(container);
  }

  /** Ranks anew what is on nodes that changed since they were last compared. */
  *changed(): Generator<{ readonly from: Ranked; readonly to: Ranked }> {
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
      for (const [container, from] of node.entries) {
        const to = rank(container, node.shown.clockDeltaMs);
        node.entries.set(container, to);
        yield { from, to };
      }
    }
  }
}
