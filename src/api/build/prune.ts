import { sendJson, type Exchange } from "../exchange.ts";
import { pruneNodes, type PruneReport } from "../prune.ts";
import type { Services } from "../services.ts";

interface CachesPruned extends PruneReport {
  readonly CachesDeleted?: readonly string[] | null;
}

/** `POST /build/prune`: every node has a build cache of its own, and limits on its size count for each (spec: api.md §10.3). */
export async function prune(services: Services, exchange: Exchange): Promise<void> {
  const { answers, spaceReclaimed } = await pruneNodes<CachesPruned>(services, exchange, "/build/prune");
  const deleted = answers.flatMap(({ answer }) => answer.CachesDeleted ?? []);
  sendJson(exchange.res, 200, {
    CachesDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: spaceReclaimed,
  });
}
