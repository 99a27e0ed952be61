import type { Cluster } from "../cluster/cluster.ts";
import type { Engine } from "../cluster/engine.ts";
import { ApiError } from "../errors.ts";
import { forward } from "../proxy/forward.ts";
import { flag, sendJson, type Exchange, type Route } from "./exchange.ts";
import { forwardTo } from "./owner.ts";
import type { Services } from "./services.ts";
import { parseFilters } from "./views/docker-filters.ts";
import { requireImage } from "./views/image-lookup.ts";
import { listImages } from "./views/image-list.ts";
import { listNetworks } from "./views/network-list.ts";
import { groupNetworks, requireNetwork } from "./views/networks.ts";
import type { NodeView } from "./views/types.ts";
import { listVolumes, requireVolume } from "./views/volumes.ts";

/** Reading images, networks and volumes (spec: images-networks-volumes.md §1.2–1.3, §2.2, §3.2). */
// prettier-ignore
export function objectRoutes(services: Services): readonly Route[] {
  return [
    { method: "get", path: "/images/json",          handle: (x) => images(services, x) },                 // ImageList
    { method: "get", path: "/images/*name/json",    handle: (x) => readImage(services, x, "json") },      // ImageInspect
    { method: "get", path: "/images/*name/history", handle: (x) => readImage(services, x, "history") },   // ImageHistory
    { method: "get", path: "/networks",             handle: (x) => networks(services, x) },               // NetworkList
    { method: "get", path: "/networks/*name",       handle: (x) => readNetwork(services, x) },            // NetworkInspect
    { method: "get", path: "/volumes",              handle: (x) => volumes(services, x) },                // VolumeList
    { method: "get", path: "/volumes/*name",        handle: (x) => readVolume(services, x) },             // VolumeInspect
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

const nodeNetworks = (cluster: Cluster) =>
  [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.networks.map((network) => ({ node: engine, network })),
  );

function networks({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined, 400);
  sendJson(
    res,
    200,
    listNetworks(nodeNetworks(cluster), cluster.containers.values(), { filters, clientVersion }),
  );
}

/** The engine's own answer, with live endpoints (A18); of a network several engines share, the first healthy one's. */
async function readNetwork({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { network, nodes } = requireNetwork(groupNetworks(nodeNetworks(cluster)), exchange.param("name"));
  const engine = healthyEngine(cluster, nodes, `network ${network.Name}`);
  await forwardTo(exchange, cluster, engine, `/networks/${network.Id}${exchange.rawQuery}`);
}

const nodeVolumes = (cluster: Cluster) =>
  [...cluster.members()].flatMap((engine) =>
    engine.cache.inventory.volumes.map((volume) => ({ node: engine, volume })),
  );

function volumes({ cluster }: Services, { res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined);
  sendJson(
    res,
    200,
    listVolumes(nodeVolumes(cluster), cluster.containers.values(), { filters, clientVersion }),
  );
}

async function readVolume({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { node, volume } = requireVolume(nodeVolumes(cluster), exchange.param("name"));
  const engine = healthyEngine(cluster, [node], `volume ${volume.Name}`);
  await forwardTo(
    exchange,
    cluster,
    engine,
    `/volumes/${encodeURIComponent(volume.Name)}${exchange.rawQuery}`,
  );
}

function healthyEngine(cluster: Cluster, nodes: readonly NodeView[], what: string): Engine {
  for (const { addr } of nodes) {
    const engine = cluster.engineAt(addr);
    if (engine?.isHealthy === true) return engine;
  }
  throw new ApiError(500, `No healthy node holds ${what}`);
}
