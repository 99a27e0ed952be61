import type { Cluster } from "../cluster/cluster.ts";
import type { ContainerRecord } from "../cluster/container-record.ts";
import type { Term } from "../replication/leadership.ts";
import type { CopyRemover } from "./moves/copy-remover.ts";
import type { WantedBook } from "./wanted/book.ts";
import { swarmIdOf } from "./wanted/policy.ts";
import type { Work } from "./work-queue.ts";

export interface LeftoverParts {
  readonly cluster: Pick<Cluster, "containers">;
  readonly book: Pick<WantedBook, "removed">;
  readonly remover: Pick<CopyRemover, "leftover">;
}

/** Old copies of containers that their users have removed meanwhile: their nodes are back. */
export function* leftoverWorks({ book, cluster, remover }: LeftoverParts, term: Term): Generator<Work> {
  for (const { swarmId, ids } of book.removed.values()) {
    for (const copy of copiesOf(cluster, swarmId, ids)) {
      if (!copy.engine.isHealthy || !book.removed.covers(copy)) continue;
      yield {
        key: `removed ${copy.id}`,
        kind: "duplicate",
        attempt: async (signal) => {
          if (!book.removed.covers(copy)) return false;
          await remover.leftover({ term, signal }, swarmId, copy);
          book.removed.gone(copy);
          return true;
        },
      };
    }
  }
}

/** One that was created past the manager has no swarm ID; those made in its place have its ID for one. */
function copiesOf(
  { containers }: LeftoverParts["cluster"],
  swarmId: string,
  ids: readonly string[],
): ReadonlySet<ContainerRecord> {
  const named = ids.flatMap((id) => containers.byId(id) ?? []);
  return new Set([
    ...named.filter((copy) => swarmIdOf(copy) === swarmId),
    ...containers.withSwarmId(swarmId),
  ]);
}
