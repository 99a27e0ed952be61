import type { Exchange, Route } from "../exchange.ts";
import type { Services } from "../services.ts";
import { change, type Change } from "./change.ts";
import { create } from "./create.ts";
import { push } from "./find.ts";
import { pull, upgrade } from "./pull.ts";
import { inspect, list, privileges } from "./read.ts";

/** Plugins: managed ones, on every node alike (spec: api.md §10.3). Comments are the reference's operation IDs. */
// prettier-ignore
export function pluginRoutes(services: Services): readonly Route[] {
  const changing = (what: Change) => (exchange: Exchange) => change(services, exchange, what);
  return [
    { method: "get",    path: "/plugins",               handle: (x) => list(services, x) },       // PluginList
    { method: "get",    path: "/plugins/privileges",    handle: (x) => privileges(services, x) }, // GetPluginPrivileges
    { method: "get",    path: "/plugins/*name/json",    handle: (x) => inspect(services, x) },    // PluginInspect
    { method: "post",   path: "/plugins/pull",          handle: (x) => pull(services, x) },       // PluginPull
    { method: "post",   path: "/plugins/create",        handle: (x) => create(services, x) },     // PluginCreate
    { method: "post",   path: "/plugins/*name/enable",  handle: changing({ method: "POST", tail: "/enable",  status: 200 }) }, // PluginEnable
    { method: "post",   path: "/plugins/*name/disable", handle: changing({ method: "POST", tail: "/disable", status: 200 }) }, // PluginDisable
    { method: "post",   path: "/plugins/*name/set",     handle: changing({ method: "POST", tail: "/set",     status: 204 }) }, // PluginSet
    { method: "post",   path: "/plugins/*name/upgrade", handle: (x) => upgrade(services, x) },    // PluginUpgrade
    { method: "post",   path: "/plugins/*name/push",    handle: (x) => push(services, x) },       // PluginPush
    { method: "delete", path: "/plugins/*name",         handle: changing({ method: "DELETE", tail: "", status: 200 }) },       // PluginDelete
  ];
}
