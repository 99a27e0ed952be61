import type { Cluster } from "../cluster/cluster.ts";
import { ApiError } from "../errors.ts";
import { forward } from "../proxy/forward.ts";
import { flag, sendJson, type Exchange, type Route } from "./exchange.ts";
import type { Services } from "./services.ts";
import { parseFilters } from "./views/docker-filters.ts";
import { requireImage } from "./views/image-lookup.ts";
import { listImages } from "./views/image-list.ts";
import { listNetworks } from "./views/network-list.ts";
import { listVolumes } from "./views/volumes.ts";

/** Reading images, networks and volumes (spec: images-networks-volumes.md §1.2–1.3, §2.2, §3.2). */
// prettier-ignore
export function objectRoutes(services: Services): readonly Route[] {
  return [
    { method: "get", path: "/images/json",          handle: (x) => images(services, x) },                 // ImageList
    { method: "get", path: "/images/*name/json",    handle: (x) => readImage(services, x, "json") },      // ImageInspect
    { method: "get", path: "/images/*name/history", handle: (x) => readImage(services, x, "history") },   // ImageHistory
    { method: "get", path: "/networks",             handle: (x) => networks(services, x) },               // NetworkList
    { method: "get", path: "/volumes",              handle: (x) => volumes(services, x) },                // VolumeList
  ];
}

const nodeImages = (cluster: Cluster) =>
  [...cluster.members()].map((engine) => ({ node: engine, images: engine.cache.inventory.images }));

function images({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined);
  const filter = query.get("filter") ?? undefined;
  sendJson(
    res,
    200,
    listImages(nodeImages(cluster), { all: flag(query, "all"), filters, filter, clientVersion }, Date.now()),
  );
}

/** From an engine that holds the image; one that cannot be reached makes way for the next (A10). */
async function readImage({ cluster }: Services, exchange: Exchange, tail: "json" | "history"): Promise<void> {
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
    failure = outcome.error.message;
  }
  throw new ApiError(500, failure);
}

function networks({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined, 400);
  const all = [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.networks.map((network) => ({ node: engine, network })),
  );
  sendJson(res, 200, listNetworks(all, cluster.containers.values(), { filters, clientVersion }));
}

function volumes({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined);
  const all = [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.volumes.map((volume) => ({ node: engine, volume })),
  );
  sendJson(res, 200, listVolumes(all, cluster.containers.values(), { filters, clientVersion }));
}
