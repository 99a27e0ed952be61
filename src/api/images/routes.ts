import { ApiError } from "../../errors.ts";
import type { Route } from "../exchange.ts";
import type { Services } from "../services.ts";
import { list } from "./list.ts";
import { load } from "./load.ts";
import { prune } from "./prune.ts";
import { createImage } from "./pull.ts";
import { push } from "./push.ts";
import { read } from "./read.ts";
import { remove } from "./remove.ts";
import { save } from "./save.ts";
import { tag } from "./tag.ts";

/** Images (spec: images-networks-volumes.md §1). */
// prettier-ignore
export function imageRoutes(services: Services): readonly Route[] {
  return [
    { method: "get",    path: "/images/json",          handle: (x) => list(services, x) },            // ImageList
    { method: "get",    path: "/images/viz",           handle: () => { throw new ApiError(501, "Not supported in clustering mode."); } },
    { method: "get",    path: "/images/get",           handle: (x) => save(services, x) },            // ImageGetAll
    { method: "get",    path: "/images/*name/get",     handle: (x) => save(services, x) },            // ImageGet
    { method: "get",    path: "/images/*name/json",    handle: (x) => read(services, x, "json") },    // ImageInspect
    { method: "get",    path: "/images/*name/history", handle: (x) => read(services, x, "history") }, // ImageHistory
    { method: "post",   path: "/images/create",        handle: (x) => createImage(services, x) },     // ImageCreate
    { method: "post",   path: "/images/load",          handle: (x) => load(services, x) },            // ImageLoad
    { method: "post",   path: "/images/prune",         handle: (x) => prune(services, x) },           // ImagePrune
    { method: "post",   path: "/images/*name/push",    handle: (x) => push(services, x) },            // ImagePush
    { method: "post",   path: "/images/*name/tag",     handle: (x) => tag(services, x) },             // ImageTag
    { method: "delete", path: "/images/*name",         handle: (x) => remove(services, x) },          // ImageDelete
  ];
}
