/** Keys below the store's prefix. Those outside the node path are invisible to managers of the original (ha.md §7). */

/** The lock of the primary; its value is the primary's address (ha.md §2). */
export const LEADER_KEY = "docker/swarm/leader";
/** The number of the last term. */
export const TERM_KEY = "docker/swarm/term";
/** One entry for each manager, by its escaped address. */
export const MANAGERS_FOLDER = "docker/swarm/managers";
/** The lock of the one among managers without replication that keeps containers where they are wanted (node-lifecycle.md §7.4 15). */
export const KEEPER_KEY = "docker/swarm/keeper";
