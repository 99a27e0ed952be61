import { eventFilterKeys, eventTest } from "../events/event-filters.ts";
import { parseEventPeriod } from "../events/event-query.ts";
import { streamEvents } from "../events/event-stream.ts";
import { systemClock } from "../events/system-clock.ts";
import { noteWish } from "./build/builder-node.ts";
import { diskUsage } from "./disk-usage.ts";
import { header, sendJson, type Exchange, type Route } from "./exchange.ts";
import { maskUserInfo } from "./mask-user-info.ts";
import { platform } from "./platform.ts";
import type { Services } from "./services.ts";
import { parseFilters, refuseUnknownKeys } from "./views/docker-filters.ts";
import { countNamedImages } from "./views/image-list.ts";
import { infoBody } from "./views/info.ts";
import { versionBody } from "./views/version.ts";

/** Docker's "System" tag (spec: api.md §6, §10.2). */
// prettier-ignore
export function systemRoutes(services: Services): readonly Route[] {
  return [
    { method: "get",  path: "/_ping",   handle: (x) => ping(services, x) },     // SystemPing
    { method: "head", path: "/_ping",   handle: (x) => ping(services, x) },     // SystemPingHead
    { method: "get",  path: "/info",    handle: (x) => info(services, x) },     // SystemInfo
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

function info({ cluster, membership, config, hub, version, role }: Services, { res }: Exchange): void {
  const members = [...cluster.members()];
  const body = infoBody({
    nodes: [...cluster.engines],
    images: members.reduce((sum, engine) => sum + countNamedImages(engine.cache.inventory.images), 0),
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
  });
  const warnings = [...membership.warnings, ...cluster.warnings];
  sendJson(
    res,
    200,
    warnings.length === 0 ? body : { ...body, Warnings: warnings.map((text) => `WARNING: ${text}`) },
  );
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
