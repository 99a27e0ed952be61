import { sendJson, type Exchange } from "../exchange.ts";
import { deletedBy, pruneNodes, type PruneReport } from "../prune.ts";
import type { Services } from "../services.ts";
import { listedVolumeName } from "../views/volumes.ts";
import { refreshVolumes } from "./known-volumes.ts";

interface VolumesPruned extends PruneReport {
  readonly VolumesDeleted?: unknown;
}

/** `POST /volumes/prune`: on every healthy node; names as lists show them, `node/name` for local ones (api.md §10.3). */
export async function prune(services: Services, exchange: Exchange): Promise<void> {
  const before = new Map(
    [...services.cluster.members()].map((engine) => [engine, engine.cache.inventory.volumes]),
  );
  const { answers, spaceReclaimed } = await pruneNodes<VolumesPruned>(services, exchange, "/volumes/prune");
  const deleted = new Set<string>();
  for (const { engine, answer } of answers) {
    for (const name of deletedBy(answer.VolumesDeleted)) {
      const volume = before.get(engine)?.find(({ Name }) => Name === name);
      deleted.add(listedVolumeName(engine, volume ?? { Name: name, Driver: "local" }));
    }
  }
  await Promise.all(answers.map(({ engine }) => refreshVolumes(engine)));
  sendJson(exchange.res, 200, {
    VolumesDeleted: deleted.size === 0 ? null : [...deleted],
    SpaceReclaimed: spaceReclaimed,
  });
}
