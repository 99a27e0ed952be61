import { sendJson, type Exchange } from "../exchange.ts";
import { nodeVolumes } from "../nodes.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { listVolumes } from "../views/volumes.ts";

/** `GET /volumes` (spec: images-networks-volumes.md §3.2). */
export function list({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined);
  sendJson(
    res,
    200,
    listVolumes(nodeVolumes(cluster), cluster.containers.values(), { filters, clientVersion }),
  );
}
