import { ApiError } from "../../errors.ts";
import { forward } from "../../proxy/forward.ts";
import { engineLost } from "../engine-lost.ts";
import type { Exchange } from "../exchange.ts";
import { nodeImages } from "../nodes.ts";
import type { Services } from "../services.ts";
import { requireImage } from "../views/image-lookup.ts";

/** `GET /images/{name}/json` and `/history`: from an engine that holds the image; one that cannot be reached makes way for the next (A10). */
export async function read(
  { cluster }: Services,
  exchange: Exchange,
  tail: "json" | "history",
): Promise<void> {
  const reference = exchange.param("name");
  const copies = requireImage(nodeImages(cluster), reference);
  const apiVersion = cluster.apiRange.max;
  let failure = `No healthy node holds image ${reference}`;
  for (const { node, image } of copies) {
    const engine = cluster.engineAt(node.addr);
    if (engine?.isHealthy !== true) continue;
    const path = engine.versionedPath(
      exchange.clientVersion,
      `/images/${image.Id}/${tail}${exchange.rawQuery}`,
    );
    const outcome = await forward(exchange.req, exchange.res, engine, { path, apiVersion });
    if (outcome.kind !== "engine-failed" || outcome.headersSent) return;
    failure = engineLost(engine, outcome.error).message;
  }
  throw new ApiError(500, failure);
}
