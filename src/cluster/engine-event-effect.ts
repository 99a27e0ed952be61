import type { EngineEvent } from "../docker/types.ts";

/** What an engine's event means for what we know of that engine (spec: events.md §5, with E1–E3). */
export type EventEffect =
  | { readonly kind: "none" }
  | { readonly kind: "refresh-container"; readonly id: string }
  | { readonly kind: "drop-container"; readonly id: string }
  | { readonly kind: "exec"; readonly execId: string; readonly containerId: string }
  | { readonly kind: "images" }
  | { readonly kind: "networks" }
  | { readonly kind: "volumes" }
  | { readonly kind: "specs" }
  /** Something changed that the event does not name. */
  | { readonly kind: "everything" };

const NONE: EventEffect = { kind: "none" };

/** Container actions that change nothing we keep; health checks make many `exec_*`, so those are matched before this. */
const HARMLESS = new Set([
  "top",
  "resize",
  "export",
  "attach",
  "detach",
  "extract-to-dir",
  "copy",
  "archive-path",
  "exec_start",
  "exec_detach",
  "exec_die",
]);

export function effectOf(event: EngineEvent): EventEffect {
  const action = event.Action ?? event.status ?? "";
  // Actions may carry a tail: `exec_create: /bin/sh -c true`, `health_status: healthy`.
  const tail = action.indexOf(":");
  const verb = tail < 0 ? action : action.slice(0, tail);
  switch (event.Type) {
    case "container":
      return containerEffect(verb, event);
    case "image":
      // A push gives the image the digest its registry knows it by.
      return verb === "save" ? NONE : { kind: "images" };
    case "volume":
      return verb === "mount" || verb === "unmount" ? NONE : { kind: "volumes" };
    case "network":
      return networkEffect(verb, event);
    case "daemon":
      return verb === "reload" ? { kind: "specs" } : NONE;
    case undefined:
    case "":
      // Engines before API 1.22 name no type; none of those is in reach any more, but a proxy of one may be.
      return { kind: "everything" };
    default:
      return NONE;
  }
}

function containerEffect(verb: string, event: EngineEvent): EventEffect {
  const id = event.Actor?.ID ?? event.id ?? "";
  if (verb === "prune") return { kind: "everything" };
  if (id === "") return NONE;
  if (verb === "exec_create") {
    const execId = event.Actor?.Attributes?.execID;
    return execId === undefined ? NONE : { kind: "exec", execId, containerId: id };
  }
  if (HARMLESS.has(verb)) return NONE;
  if (verb === "destroy") return { kind: "drop-container", id };
  if (verb === "commit") return { kind: "images" };
  return { kind: "refresh-container", id };
}

function networkEffect(verb: string, event: EngineEvent): EventEffect {
  if (verb !== "connect" && verb !== "disconnect") return { kind: "networks" };
  const id = event.Actor?.Attributes?.container;
  return id === undefined ? NONE : { kind: "refresh-container", id };
}
