import type { Route } from "../exchange.ts";
import type { Services } from "../services.ts";
import { build } from "./build.ts";
import { grpc, session } from "./builder-stream.ts";
import { cancel } from "./cancel.ts";
import { prune } from "./prune.ts";

/** Builds, with the classic builder and with BuildKit (spec: api.md §8, §10.4). */
// prettier-ignore
export function buildRoutes(services: Services): readonly Route[] {
  return [
    { method: "post", path: "/build",        handle: (x) => build(services, x) },                  // ImageBuild
    { method: "post", path: "/build/cancel", handle: (x) => cancel(services, x) },                 // BuildCancel
    { method: "post", path: "/build/prune",  handle: (x) => prune(services, x) },                  // BuildPrune
    { method: "post", path: "/session",      handle: (x) => session(services, x), hijack: true },  // Session
    { method: "post", path: "/grpc",         handle: (x) => grpc(services, x),    hijack: true },  // GRPC
  ];
}
