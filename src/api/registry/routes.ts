import type { Route } from "../exchange.ts";
import { notYet } from "../not-yet.ts";
import type { Services } from "../services.ts";

/** What an engine asks a registry for: any engine will do (spec: api.md §6.1, §10.3). */
// prettier-ignore
export function registryRoutes(_services: Services): readonly Route[] {
  return [
    { method: "post", path: "/auth",                    handle: notYet }, // SystemAuth
    { method: "get",  path: "/images/search",           handle: notYet }, // ImageSearch
    { method: "get",  path: "/distribution/*name/json", handle: notYet }, // DistributionInspect
  ];
}
