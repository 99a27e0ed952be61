import { sendJson, type Exchange } from "../exchange.ts";
import { networkGroups } from "../nodes.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { listNetworks } from "../views/network-list.ts";

/** `GET /networks` (spec: images-networks-volumes.md §2.2). */
export function list({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined, 400);
  sendJson(
    res,
    200,
    listNetworks(networkGroups(cluster), cluster.containers.values(), { filters, clientVersion }),
  );
}
