import { sendJson, type Exchange } from "../exchange.ts";
import { deletedBy, pruneNodes, type PruneReport } from "../prune.ts";
import type { Services } from "../services.ts";
import { refreshNetworks } from "./known-networks.ts";

interface NetworksPruned extends PruneReport {
  readonly NetworksDeleted?: unknown;
}

/** `POST /networks/prune`: one node after another, as one network may be on several; bare names, each once (api.md §10.3). */
export async function prune(services: Services, exchange: Exchange): Promise<void> {
  const { answers } = await pruneNodes<NetworksPruned>(services, exchange, "/networks/prune", { atOnce: 1 });
  const deleted = new Set(answers.flatMap(({ answer }) => deletedBy(answer.NetworksDeleted)));
  // What spans nodes is gone from all of them, whoever pruned it.
  if (deleted.size > 0) await Promise.all([...services.cluster.healthy()].map(refreshNetworks));
  sendJson(exchange.res, 200, { NetworksDeleted: deleted.size === 0 ? null : [...deleted] });
}
