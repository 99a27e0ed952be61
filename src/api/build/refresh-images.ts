import type { Engine } from "../../cluster/engine.ts";

/** So that `docker images` and the next `docker run` know what was built; an engine that is gone has nothing to tell. */
export async function refreshImages(engine: Engine): Promise<void> {
  if (engine.isHealthy) await engine.cache.refreshImages().catch(() => undefined);
}
