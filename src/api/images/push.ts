import { readBody } from "../json-body.ts";
import type { Exchange } from "../exchange.ts";
import { parameters } from "../form.ts";
import { forwardToFirst } from "../forward-to-first.ts";
import type { Services } from "../services.ts";
import { imageHolders, imagePath, refreshImages } from "./holders.ts";

/**
 * `POST /images/{name}/push`: from a healthy node that has the image; the client's credentials and query go along, the engine's stream comes
 * back as it is (images-networks-volumes.md §1.3 with A10). Without a tag, from the node with most tags of that repository.
 */
export async function push({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { query, form } = await parameters(exchange);
  // Clients before API 1.12 sent their credentials here.
  const body = form ? Buffer.alloc(0) : await readBody(exchange.req);
  const name = exchange.param("name");
  const tag = query.get("tag") ?? "";
  const reference = tag === "" ? name : `${name}:${tag}`;
  const { engines } = imageHolders(cluster, reference, { ignoreTag: tag === "" });
  const search = form && query.size > 0 ? `?${query.toString()}` : exchange.rawQuery;
  await forwardToFirst(exchange, cluster, engines, `/images/${imagePath(name)}/push${search}`, {
    body,
    // A pushed image has a digest it had not before.
    holdEnd: (engine) => refreshImages([engine]),
  });
}
