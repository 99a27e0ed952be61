import type { Route } from "../exchange.ts";
import { notYet } from "../not-yet.ts";
import type { Services } from "../services.ts";

/** Builds, with the classic builder and with BuildKit (spec: api.md §8, §10.4). */
// prettier-ignore
export function buildRoutes(_services: Services): readonly Route[] {
  return [
    { method: "post", path: "/build",        handle: notYet }, // ImageBuild
    { method: "post", path: "/build/cancel", handle: notYet }, // BuildCancel
    { method: "post", path: "/build/prune",  handle: notYet }, // BuildPrune
    { method: "post", path: "/session",      handle: notYet }, // Session
    { method: "post", path: "/grpc",         handle: notYet }, // GRPC
  ];
}
