import type { Exchange, Route } from "../exchange.ts";
import { forwardToFirst } from "../forward-to-first.ts";
import { imagePath } from "../images/holders.ts";
import { readBody } from "../json-body.ts";
import { anyEngines } from "../nodes.ts";
import type { Services } from "../services.ts";

/** What an engine asks a registry for: any engine will do (spec: api.md §6.1, §10.3). */
// prettier-ignore
export function registryRoutes({ cluster }: Services): readonly Route[] {
  const toAny = (exchange: Exchange, path: string, body?: Buffer) =>
    forwardToFirst(exchange, cluster, anyEngines(cluster), `${path}${exchange.rawQuery}`, { body });
  return [
    { method: "post", path: "/auth",                    handle: async (x) => toAny(x, "/auth", await readBody(x.req)) },             // SystemAuth
    { method: "get",  path: "/images/search",           handle: (x) => toAny(x, "/images/search") },                                 // ImageSearch
    { method: "get",  path: "/distribution/*name/json", handle: (x) => toAny(x, `/distribution/${imagePath(x.param("name"))}/json`) }, // DistributionInspect
  ];
}
