import type { Exchange } from "../exchange.ts";
import { healthyEngine, nodeVolumes } from "../nodes.ts";
import { forwardTo } from "../owner.ts";
import type { Services } from "../services.ts";
import { requireVolume } from "../views/volumes.ts";

/** `GET /volumes/{name}`: the engine's own answer (spec: images-networks-volumes.md §3.3). */
export async function inspect({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { node, volume } = requireVolume(nodeVolumes(cluster), exchange.param("name"));
  const engine = healthyEngine(cluster, [node], `volume ${volume.Name}`);
  await forwardTo(
    exchange,
    cluster,
    engine,
    `/volumes/${encodeURIComponent(volume.Name)}${exchange.rawQuery}`,
  );
}
