import { ApiError } from "../../errors.ts";
import type { Route } from "../exchange.ts";
import type { Services } from "../services.ts";
import { create } from "./create.ts";
import { inspect } from "./inspect.ts";
import { list } from "./list.ts";
import { prune } from "./prune.ts";
import { remove } from "./remove.ts";

/** Volumes (spec: images-networks-volumes.md §3). */
// prettier-ignore
export function volumeRoutes(services: Services): readonly Route[] {
  return [
    { method: "get",    path: "/volumes",        handle: (x) => list(services, x) },    // VolumeList
    { method: "get",    path: "/volumes/*name",  handle: (x) => inspect(services, x) }, // VolumeInspect
    { method: "post",   path: "/volumes/create", handle: (x) => create(services, x) },  // VolumeCreate
    { method: "post",   path: "/volumes/prune",  handle: (x) => prune(services, x) },   // VolumePrune
    { method: "put",    path: "/volumes/*name",  handle: () => { throw new ApiError(503, "volume update only valid for cluster volumes, but swarm is unavailable"); } },
    { method: "delete", path: "/volumes/*name",  handle: (x) => remove(services, x) },  // VolumeDelete
  ];
}
