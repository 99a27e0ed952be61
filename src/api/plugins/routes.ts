import { notFound } from "../../errors.ts";
import type { Route } from "../exchange.ts";
import { notYet } from "../not-yet.ts";
import type { Services } from "../services.ts";

/** Plugins (spec: api.md §10.3). */
// prettier-ignore
export function pluginRoutes(_services: Services): readonly Route[] {
  return [
    { method: "get",    path: "/plugins",            handle: notYet },
    { method: "get",    path: "/plugins/privileges", handle: notYet },
    // `docker inspect X` asks for a plugin too, and goes on only after a 404.
    { method: "get",    path: "/plugins/*name/json", handle: (x) => { throw notFound(`plugin "${x.param("name")}" not found`); } },
    { method: "post",   path: "/plugins/pull",       handle: notYet },
    { method: "post",   path: "/plugins/create",     handle: notYet },
    { method: "post",   path: "/plugins/*name",      handle: notYet },
    { method: "delete", path: "/plugins/*name",      handle: notYet },
  ];
}
