import { forwardToFirst } from "../forward-to-first.ts";
import type { Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { imageHolders, imagePath } from "./holders.ts";

/** `GET /images/{name}/json` and `/history`: from an engine that holds the image; one that cannot be reached makes way for the next (A10). */
export async function read(
  { cluster }: Services,
  exchange: Exchange,
  tail: "json" | "history",
): Promise<void> {
  const reference = exchange.param("name");
  const { engines } = imageHolders(cluster, reference);
  const path = `/images/${imagePath(reference)}/${tail}${exchange.rawQuery}`;
  await forwardToFirst(exchange, cluster, engines, path);
}
