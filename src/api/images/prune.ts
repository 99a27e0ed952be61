import { sendJson, type Exchange } from "../exchange.ts";
import { pruneNodes, type PruneReport } from "../prune.ts";
import type { Services } from "../services.ts";
import { refreshImages } from "./holders.ts";
import { distinctDeletions } from "./remove.ts";

interface ImagesPruned extends PruneReport {
  readonly ImagesDeleted?: unknown;
}

/** `POST /images/prune` (api.md §10.3). */
export async function prune(services: Services, exchange: Exchange): Promise<void> {
  const { answers, spaceReclaimed } = await pruneNodes<ImagesPruned>(services, exchange, "/images/prune");
  await refreshImages(answers.map(({ engine }) => engine));
  const deleted = distinctDeletions(
    answers.map(({ engine, answer }) => ({ engine, answer: answer.ImagesDeleted })),
  );
  sendJson(exchange.res, 200, {
    ImagesDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: spaceReclaimed,
  });
}
