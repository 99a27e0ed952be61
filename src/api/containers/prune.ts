import { sendJson, type Exchange } from "../exchange.ts";
import { deletedBy, pruneNodes, type PruneReport } from "../prune.ts";
import type { Services } from "../services.ts";

interface ContainersPruned extends PruneReport {
  readonly ContainersDeleted?: unknown;
}

/** `POST /containers/prune` (api.md §10.3). */
export async function prune(services: Services, exchange: Exchange): Promise<void> {
  const { answers, spaceReclaimed } = await pruneNodes<ContainersPruned>(
    services,
    exchange,
    "/containers/prune",
  );
  for (const { engine, answer } of answers) {
    for (const id of deletedBy(answer.ContainersDeleted)) engine.cache.dropContainer(id);
  }
  const deleted = answers.flatMap(({ answer }) => deletedBy(answer.ContainersDeleted));
  sendJson(exchange.res, 200, {
    ContainersDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: spaceReclaimed,
  });
}
