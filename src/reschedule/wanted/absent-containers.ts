import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import { soon } from "../../cluster/within.ts";
import type { WantedBook } from "./book.ts";
import { healthyById } from "./home.ts";
import type { WantedContainer } from "./wanted.ts";

/** How long a request waits for the book at the most, milliseconds. */
const WAIT_MS = 2_000;

export interface AbsentContainersDependencies {
  readonly cluster: Cluster;
  readonly book: Pick<WantedBook, "get" | "ofName" | "ofContainer" | "forget">;
  /** Whether we know the book: others may have written what we have not read. */
  readonly leads: () => boolean;
  /** The book is being read, as after a start or a take-over: settles when it has been. Undefined: it is not. */
  readonly reading: () => Promise<void> | undefined;
  /** One of them is given up. */
  readonly changed: () => void;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Containers that are wanted and that no node shows: discovery has dropped theirs, or a manager that was just started has not reached it. They come back with
 * their node, or are made anew on another one. Until then their names are theirs, and whoever removes them must be able to.
 */
export class AbsentContainers {
  readonly #dependencies: AbsentContainersDependencies;

  constructor(dependencies: AbsentContainersDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * To be waited for before the others are asked for the sake of a request: what is being read about them may be about it. While the store cannot be
   * read at all, the wait ends after two seconds, and nothing is known of any: those who ask for other things must not wait for it.
   */
  known(waitMs = WAIT_MS): Promise<void> | undefined {
    const reading = this.#dependencies.reading();
    return reading && soon(waitMs, reading);
  }

  /**
   * Who has this name although no node shows it. Of those only that are made anew when their node fails.
   * @param swarmId of the container that is to get the name: itself is not in its own way
   */
  holderOf(name: string, swarmId = ""): WantedContainer | undefined {
    const { book } = this.#dependencies;
    for (const wanted of book.ofName(name)) {
      if (isHolder(wanted) && wanted.swarmId !== swarmId && this.#isAbsent(wanted)) return wanted;
    }
    return undefined;
  }

  /**
   * Those that a reference means: a name that they hold, `node/name`, a container ID or a swarm ID in full. None of them where a node shows a container that it
   * means just as exactly; the mere beginning of an ID is less.
   */
  find(reference: string): readonly WantedContainer[] {
    const { book, cluster } = this.#dependencies;
    const { containers } = cluster;
    const bare = reference.startsWith("/") ? reference.slice(1) : reference;
    const isShown =
      containers.named(bare).size > 0 ||
      containers.byId(bare) !== undefined ||
      containers.withSwarmId(bare).size > 0;
    if (isShown) return [];
    const slash = bare.indexOf("/");
    const onNode = slash < 0 ? [] : [...book.ofName(bare.slice(slash + 1))];
    const meant = new Set([
      ...[...book.ofName(bare)].filter(isHolder),
      ...onNode.filter(({ last }) => last.node === bare.slice(0, slash)),
      ...[book.ofContainer(bare), book.get(bare)].filter((wanted) => wanted !== undefined),
    ]);
    return [...meant].filter((wanted) => this.#isAbsent(wanted));
  }

  /** Its user removes it: it is not made anew, and what is left of it goes when its node is back. Resolves when that is stored, at the latest after two seconds. */
  async forget(wanted: WantedContainer): Promise<void> {
    const { book, changed, log, now } = this.#dependencies;
    const { name, last, formerIds } = wanted;
    const fields = { container: last.containerId, name, node: last.node };
    log.info(
      fields,
      "a container whose node is away was removed: what is left of it there goes when the node is back",
    );
    // It may just be being made somewhere else.
    const stored = book.forget(wanted, { copies: [...formerIds, last.containerId], mayBeMore: true }, now());
    changed();
    await stored;
  }

  #isAbsent({ last }: WantedContainer): boolean {
    const { cluster, leads } = this.#dependencies;
    if (!leads() || cluster.containers.byId(last.containerId) !== undefined) return false;
    return !healthyById(cluster).has(last.engineId);
  }
}

/** Nobody sees to it that any other comes back. */
const isHolder = ({ policy }: WantedContainer): boolean => policy === "on-node-failure";
