import type { Exchange } from "../exchange.ts";
import { healthyEngine, nodeVolumes } from "../nodes.ts";
import { forwardTo } from "../owner.ts";
import type { Services } from "../services.ts";
import { nodesOf, requireVolume } from "../views/volumes.ts";

/**
 * `GET /volumes/{name}`: the engine's own answer; of a volume that spans engines, that of any node that can be asked
 * (spec: images-networks-volumes.md §3.1, §3.3).
 */
export async function inspect({ cluster }: Services, exchange: Exchange): Promise<void> {
  const volumes = nodeVolumes(cluster);
  const reference = exchange.param("name");
  const found = requireVolume(volumes, reference);
  const { Name } = found.volume;
  const engine = healthyEngine(cluster, nodesOf(volumes, reference, found), `volume ${Name}`);
  await forwardTo(exchange, cluster, engine, `/volumes/${encodeURIComponent(Name)}${exchange.rawQuery}`);
}
