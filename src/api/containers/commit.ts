import type { Exchange } from "../exchange.ts";
import { parameters } from "../form.ts";
import { forwardTo, ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";

/** `POST /commit`: on the container's engine, which alone has the image afterwards (api.md §7.8). */
export async function commit({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { query, form } = await parameters(exchange);
  const { engine, id } = ownedContainer(cluster, query.get("container") ?? "");
  const forwarded = new URLSearchParams(query);
  forwarded.set("container", id);
  await forwardTo(exchange, cluster, engine, `/commit?${forwarded.toString()}`, {
    ...(form ? { body: Buffer.alloc(0) } : {}),
    holdEnd: () => engine.cache.refreshImages(),
  });
}
