import type { Cluster } from "../cluster/cluster.ts";
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
    for (const id of ids) {
      const copy = cluster.containers.byId(id);
      if (copy?.engine.isHealthy !== true || swarmIdOf(copy) !== swarmId) continue;
      yield {
        key: `removed ${id}`,
        kind: "duplicate",
        attempt: async (signal) => {
          if (!book.removed.has(id)) return false;
          await remover.leftover({ term, signal }, swarmId, copy);
          book.removed.gone(id);
          return true;
        },
      };
    }
  }
}
