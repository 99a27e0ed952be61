import { flag, sendJson, type Exchange } from "../exchange.ts";
import { nodeImages } from "../nodes.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { listImages } from "../views/image-list.ts";

/** `GET /images/json` (spec: images-networks-volumes.md §1.2). */
export function list({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined);
  const filter = query.get("filter") ?? undefined;
  sendJson(
    res,
    200,
    listImages(nodeImages(cluster), { all: flag(query, "all"), filters, filter, clientVersion }, Date.now()),
  );
}
