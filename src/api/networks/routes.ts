import type { Route } from "../exchange.ts";
import { notYet } from "../not-yet.ts";
import type { Services } from "../services.ts";
import { list } from "./list.ts";
import { inspect } from "./inspect.ts";

/** Networks (spec: images-networks-volumes.md §2). */
// prettier-ignore
export function networkRoutes(services: Services): readonly Route[] {
  return [
    { method: "get",    path: "/networks",                  handle: (x) => list(services, x) },    // NetworkList
    { method: "get",    path: "/networks/*name",            handle: (x) => inspect(services, x) }, // NetworkInspect
    { method: "post",   path: "/networks/create",           handle: notYet },                      // NetworkCreate
    { method: "post",   path: "/networks/prune",            handle: notYet },                      // NetworkPrune
    { method: "post",   path: "/networks/*name/connect",    handle: notYet },                      // NetworkConnect
    { method: "post",   path: "/networks/*name/disconnect", handle: notYet },                      // NetworkDisconnect
    { method: "delete", path: "/networks/*name",            handle: notYet },                      // NetworkDelete
  ];
}
