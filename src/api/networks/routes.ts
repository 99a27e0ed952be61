import type { Route } from "../exchange.ts";
import type { Services } from "../services.ts";
import { create } from "./create.ts";
import { connect, disconnect } from "./endpoints.ts";
import { inspect } from "./inspect.ts";
import { list } from "./list.ts";
import { ProjectHomes } from "./project-homes.ts";
import { prune } from "./prune.ts";
import { remove } from "./remove.ts";

/** Networks (spec: images-networks-volumes.md §2). */
// prettier-ignore
export function networkRoutes(services: Services): readonly Route[] {
  const homes = new ProjectHomes();
  return [
    { method: "get",    path: "/networks",                  handle: (x) => list(services, x) },          // NetworkList
    { method: "get",    path: "/networks/*name",            handle: (x) => inspect(services, x) },       // NetworkInspect
    { method: "post",   path: "/networks/create",           handle: (x) => create(services, homes, x) }, // NetworkCreate
    { method: "post",   path: "/networks/prune",            handle: (x) => prune(services, x) },         // NetworkPrune
    { method: "post",   path: "/networks/*name/connect",    handle: (x) => connect(services, x) },       // NetworkConnect
    { method: "post",   path: "/networks/*name/disconnect", handle: (x) => disconnect(services, x) },    // NetworkDisconnect
    { method: "delete", path: "/networks/*name",            handle: (x) => remove(services, x) },        // NetworkDelete
  ];
}
