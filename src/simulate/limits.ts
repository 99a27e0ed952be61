/** Most nodes of a simulation: as many as one discovery source may name. */
export const MAX_NODES = 10_000;
/** Most containers of all nodes together: ten times a large cluster. */
export const MAX_CONTAINERS = 300_000;
