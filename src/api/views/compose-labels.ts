import type { DockerFilters } from "./docker-filters.ts";

/** Compose gives it to everything of a project. */
export const PROJECT_LABEL = "com.docker.compose.project";

/**
 * Compose lists what belongs to a project by labels of its own, and takes for its own what has the name its file says: under `node/name` it would find
 * nothing, and `down` leave it behind. Whoever filters by such a label gets bare names.
 */
export const asksAsCompose = (filters: DockerFilters): boolean =>
  filters.get("label")?.some((label) => label.startsWith("com.docker.compose.")) === true;
