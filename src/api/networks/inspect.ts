import type { Exchange } from "../exchange.ts";
import { healthyEngine, nodeNetworks } from "../nodes.ts";
import { forwardTo } from "../owner.ts";
import type { Services } from "../services.ts";
import { groupNetworks, requireNetwork } from "../views/networks.ts";

/** `GET /networks/{id}`: the engine's own answer, with live endpoints (A18); of a network several engines share, the first healthy one's. */
export async function inspect({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { network, nodes } = requireNetwork(groupNetworks(nodeNetworks(cluster)), exchange.param("name"));
  const engine = healthyEngine(cluster, nodes, `network ${network.Name}`);
  await forwardTo(exchange, cluster, engine, `/networks/${network.Id}${exchange.rawQuery}`);
}
