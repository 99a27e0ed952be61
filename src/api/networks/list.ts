import type { Exchange } from "../exchange.ts";
import { keptPerCluster } from "../kept-per-cluster.ts";
import { networkGroups } from "../nodes.ts";
import { sendJsonPieces } from "../send-pieces.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { NetworkListing } from "../views/network-listing.ts";

const networkListing = keptPerCluster(({ containers }) => new NetworkListing(containers.values()));

/** `GET /networks` (spec: images-networks-volumes.md §2.2). */
export async function list({ cluster }: Services, { res, query, clientVersion }: Exchange): Promise<void> {
  const filters = parseFilters(query.get("filters") ?? undefined, 400);
  await cluster.settle();
  const pieces = networkListing(cluster).list(networkGroups(cluster), { filters, clientVersion });
  await sendJsonPieces(res, 200, pieces);
}
