import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { ApiError, notFound } from "../../errors.ts";
import { attended } from "../attended.ts";
import { sendStatus, type Exchange } from "../exchange.ts";
import { healthyEngine, networkGroups } from "../nodes.ts";
import type { Services } from "../services.ts";
import { resolveNetwork } from "../views/networks.ts";
import { isGlobal, refreshNetworks, removeFromAll } from "./known-networks.ts";

/**
 * `DELETE /networks/{id}`: on a node that has it, under its ID; of a network several nodes have, the next one is asked where one cannot be
 * reached (images-networks-volumes.md §2.5).
 */
export async function remove({ cluster }: Services, exchange: Exchange): Promise<void> {
  const reference = exchange.param("name");
  const group = resolveNetwork(networkGroups(cluster), reference);
  if (group === undefined) throw notFound(`No such network ${reference}`);
  const { network } = group;
  let nodes = [...group.nodes];
  const failures: string[] = [];
  for (;;) {
    const engine = lastResort(failures, () => healthyEngine(cluster, nodes, `network ${network.Name}`));
    nodes = nodes.filter(({ addr }) => addr !== engine.addr);
    try {
      const path = engine.versionedPath(
        exchange.clientVersion,
        `/networks/${network.Id}${exchange.rawQuery}`,
      );
      await attended(engine, engine.client.send("DELETE", path));
      engine.noteSuccess();
    } catch (error) {
      if (!(error instanceof EngineUnreachableError)) {
        await refreshNetworks(engine);
        throw error;
      }
      engine.noteFailure(error);
      failures.push(`${engine.name}: ${error.message}`);
      continue;
    }
    await refreshNetworks(engine);
    if (isGlobal(network)) removeFromAll(cluster, network.Id);
    break;
  }
  sendStatus(exchange.res, 204);
}

/** What the nodes asked before said is better news than that there is no other. */
function lastResort<T>(failures: readonly string[], find: () => T): T {
  try {
    return find();
  } catch (error) {
    throw failures.length === 0 ? error : new ApiError(500, failures.join("\n"), { cause: error });
  }
}
