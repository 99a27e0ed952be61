import type { ImageSummary } from "../docker/types.ts";
import { eventFilterKeys, eventTest } from "../events/event-filters.ts";
import { parseEventPeriod } from "../events/event-query.ts";
import { streamEvents } from "../events/event-stream.ts";
import { systemClock } from "../events/system-clock.ts";
import { noteWish } from "./build/builder-node.ts";
import { diskUsage } from "./disk-usage.ts";
import { header, sendJson, type Exchange, type Route } from "./exchange.ts";
import { maskUserInfo } from "./mask-user-info.ts";
import { platform } from "./platform.ts";
import { sendJsonPieces } from "./send-pieces.ts";
import type { Services } from "./services.ts";
import { parseFilters, refuseUnknownKeys } from "./views/docker-filters.ts";
import { countNamedImages } from "./views/image-list.ts";
import type { InfoInput } from "./views/info.ts";
import { InfoWriter } from "./views/info-writer.ts";
import { versionBody } from "./views/version.ts";

/** Docker's "System" tag (spec: api.md §6, §10.2). */
// prettier-ignore
export function systemRoutes(services: Services): readonly Route[] {
  const writer = new InfoWriter();
  return [
    { method: "get",  path: "/_ping",   handle: (x) => ping(services, x) },     // SystemPing
    { method: "head", path: "/_ping",   handle: (x) => ping(services, x) },     // SystemPingHead
    { method: "get",  path: "/info",    handle: (x) => info(services, writer, x) }, // SystemInfo
    { method: "get",  path: "/version", handle: (x) => version(services, x) },  // SystemVersion
    { method: "get",  path: "/system/df", handle: (x) => diskUsage(services, x) }, // SystemDataUsage
    { method: "get",  path: "/events",  handle: (x) => events(services, x) },   // SystemEvents
  ];
}

/** Always answers, also without engines: it is the manager that is asked. */
function ping(services: Services, exchange: Exchange): void {
  const { cluster } = services;
  const { req, res } = exchange;
  noteWish(services, exchange);
  const healthy = [...cluster.healthy()];
  const windowsOnly = healthy.length > 0 && healthy.every(({ labels }) => labels.get("ostype") === "windows");
  res.writeHead(200, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": 2,
    "Cache-Control": "no-cache, no-store, must-revalidate",
    Pragma: "no-cache",
    OSType: windowsOnly ? "windows" : "linux",
    "Builder-Version": "2",
    "Docker-Experimental": String(healthy.length > 0 && healthy.every(({ experimental }) => experimental)),
    Swarm: "inactive",
  });
  res.end(req.method === "HEAD" ? undefined : "OK");
}

function info(services: Services, writer: InfoWriter, { res }: Exchange): Promise<void> {
  const { cluster, membership, config, hub, version, role } = services;
  let images = 0;
  for (const engine of cluster.members()) images += namedImages(engine.cache.inventory.images);
  const input: InfoInput = {
    nodes: [...cluster.engines],
    images,
    role: role.role,
    primary: role.primary,
    strategy: config.strategy,
    filters: config.filters,
    eventListeners: hub.listenerCount,
    serverVersion: `swarm/${version}`,
    debug: config.debug,
    experimental: config.experimental,
    nowMs: Date.now(),
    manager: {
      ...platform,
      httpProxy: maskUserInfo(process.env.http_proxy ?? ""),
      httpsProxy: maskUserInfo(process.env.https_proxy ?? ""),
      noProxy: process.env.no_proxy ?? "",
    },
  };
  const warnings = [...membership.warnings, ...cluster.warnings];
  return sendJsonPieces(res, 200, [writer.write(input, warnings)]);
}

const imageCounts = new WeakMap<readonly ImageSummary[], number>();

/** Counted once for each reading of an engine's images. */
function namedImages(images: readonly ImageSummary[]): number {
  let count = imageCounts.get(images);
  if (count === undefined) imageCounts.set(images, (count = countNamedImages(images)));
  return count;
}

function version({ cluster, config, version }: Services, { res }: Exchange): void {
  sendJson(
    res,
    200,
    versionBody({
      ...platform,
      version: `swarm/${version}`,
      api: cluster.apiRange,
      gitCommit: "",
      runtimeVersion: process.version,
      buildTime: "",
      experimental: config.experimental,
    }),
  );
}

function events({ hub }: Services, { req, res, query, clientVersion }: Exchange): void {
  const filters = parseFilters(query.get("filters") ?? undefined, 400);
  refuseUnknownKeys(filters, eventFilterKeys, clientVersion);
  streamEvents(res, hub, {
    period: parseEventPeriod(query.get("since") ?? undefined, query.get("until") ?? undefined),
    test: eventTest(filters),
    clock: systemClock,
    accept: header(req, "accept"),
  });
}
