import { heirOf } from "../../cluster/better-copy.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import { conflict } from "../../errors.ts";
import { flag, sendStatus, type Exchange, type Route } from "../exchange.ts";
import { forwardToOwner } from "../owner.ts";
import type { Wish } from "../../reschedule/wanted/user-wishes.ts";
import type { Services } from "../services.ts";
import { commit } from "./commit.ts";
import { create } from "./create.ts";
import { inspect } from "./inspect.ts";
import { list } from "./list.ts";
import { prune } from "./prune.ts";
import { rename } from "./rename.ts";
import { start } from "./start.ts";
import { attach, wait } from "./streams.ts";
import { VolumeTurns } from "./volume-turns.ts";

/** Docker's "Container" tag (spec: api.md §5, §7). Comments are the reference's operation IDs. */
// prettier-ignore
export function containerRoutes(services: Services): readonly Route[] {
  const { cluster } = services;
  const turns = new VolumeTurns();
  /** Goes to the owner as it is. */
  const forward = (tail: string) => (exchange: Exchange) => forwardToOwner(exchange, cluster, tail);
  /** Goes to the owner; the cluster's state knows the outcome before the client does (A4). */
  const change = (tail: string) => (exchange: Exchange) => forwardToOwner(exchange, cluster, tail, refreshed);
  const forwardCheckpoint = (exchange: Exchange) =>
    forwardToOwner(exchange, cluster, `/checkpoints/${encodeURIComponent(exchange.param("checkpoint"))}`);
  const settled = async (exchange: Exchange): Promise<void> => {
    await cluster.settle();
    await list(services, exchange);
  };
  return [
    { method: "get",    path: "/containers/json",            handle: settled },                       // ContainerList
    { method: "get",    path: "/containers/ps",              handle: settled },
    { method: "post",   path: "/containers/create",          handle: (x) => create(services, turns, x) }, // ContainerCreate
    { method: "post",   path: "/containers/prune",           handle: (x) => prune(services, x) },     // ContainerPrune
    { method: "get",    path: "/containers/*name/json",      handle: (x) => inspect(services, x) },   // ContainerInspect
    { method: "get",    path: "/containers/*name/top",       handle: forward("/top") },               // ContainerTop
    { method: "get",    path: "/containers/*name/logs",      handle: forward("/logs") },              // ContainerLogs
    { method: "get",    path: "/containers/*name/changes",   handle: forward("/changes") },           // ContainerChanges
    { method: "get",    path: "/containers/*name/export",    handle: forward("/export") },            // ContainerExport
    { method: "get",    path: "/containers/*name/stats",     handle: forward("/stats") },             // ContainerStats
    { method: "post",   path: "/containers/*name/resize",    handle: forward("/resize") },            // ContainerResize
    { method: "post",   path: "/containers/*name/start",     handle: (x) => start(services, x) },     // ContainerStart
    { method: "post",   path: "/containers/*name/stop",      handle: (x) => end(services, x, "/stop") }, // ContainerStop
    { method: "post",   path: "/containers/*name/restart",   handle: change("/restart") },            // ContainerRestart
    { method: "post",   path: "/containers/*name/kill",      handle: (x) => end(services, x, "/kill") }, // ContainerKill
    { method: "post",   path: "/containers/*name/update",    handle: (x) => modify(services, x, "/update") },           // ContainerUpdate
    { method: "post",   path: "/containers/*name/rename",    handle: (x) => rename(services, x) },    // ContainerRename
    { method: "post",   path: "/containers/*name/pause",     handle: change("/pause") },              // ContainerPause
    { method: "post",   path: "/containers/*name/unpause",   handle: change("/unpause") },            // ContainerUnpause
    { method: "post",   path: "/containers/*name/wait",      handle: (x) => wait(services, x) },      // ContainerWait
    { method: "post",   path: "/containers/*name/attach",    handle: (x) => attach(services, x, "/attach"),    hijack: true }, // ContainerAttach
    { method: "get",    path: "/containers/*name/attach/ws", handle: (x) => attach(services, x, "/attach/ws"), hijack: true }, // ContainerAttachWebsocket
    { method: "head",   path: "/containers/*name/archive",   handle: forward("/archive") },           // ContainerArchiveInfo
    { method: "get",    path: "/containers/*name/archive",   handle: forward("/archive") },           // ContainerArchive
    { method: "put",    path: "/containers/*name/archive",   handle: (x) => modify(services, x, "/archive") },          // PutContainerArchive
    { method: "post",   path: "/containers/*name/copy",      handle: forward("/copy") },
    { method: "get",    path: "/containers/*name/checkpoints", handle: forward("/checkpoints") },
    { method: "post",   path: "/containers/*name/checkpoints", handle: forward("/checkpoints") },
    // Before the container's own DELETE, which would take the rest of the path for part of its name.
    { method: "delete", path: "/containers/*name/checkpoints/*checkpoint", handle: forwardCheckpoint },
    { method: "delete", path: "/containers/*name",           handle: (x) => remove(services, x) },    // ContainerDelete
    { method: "post",   path: "/commit",                     handle: (x) => commit(services, x) },    // ImageCommit
  ];
}

const refreshed = ({ engine, id }: ContainerRecord) => ({ holdEnd: () => engine.cache.refreshContainer(id) });

/** A user ends a container: that it does not run any more is wanted. */
async function end({ cluster, wishes }: Services, exchange: Exchange, tail: string): Promise<void> {
  let wish: Wish | undefined;
  let done = false;
  try {
    await forwardToOwner(exchange, cluster, tail, (record) => {
      mustBeCurrent(cluster, record, exchange.param("name"));
      wish = wishes.stopping(record);
      return { ...refreshed(record), onSuccess: () => (done = true) };
    });
  } finally {
    wish?.settled(done);
  }
}

/** Changes what its create body said, so that a container which has not run yet must stay where it is. */
function modify({ cluster, intents }: Services, exchange: Exchange, tail: string): Promise<void> {
  return forwardToOwner(exchange, cluster, tail, (record) => ({
    ...refreshed(record),
    onSuccess: () => intents.delete(record.id),
  }));
}

/**
 * `DELETE /containers/{name}`: gone from the cluster's state before the client hears; with `v` so are its anonymous volumes. With `link` only a link
 * alias goes.
 */
async function remove(services: Services, exchange: Exchange): Promise<void> {
  const { cluster, intents, wishes } = services;
  const withVolumes = flag(exchange.query, "v");
  if (flag(exchange.query, "link")) {
    await forwardToOwner(exchange, cluster, "", refreshed);
    return;
  }
  if (await removeAbsent(services, exchange)) return;
  let wish: Wish | undefined;
  let done = false;
  try {
    await forwardToOwner(exchange, cluster, "", (record) => {
      const { engine, id } = record;
      mustBeCurrent(cluster, record, exchange.param("name"));
      wish = wishes.removing(record, means(record, exchange.param("name")));
      return {
        onSuccess: () => {
          done = true;
          intents.delete(id);
          engine.cache.dropContainer(id);
        },
        ...(withVolumes ? { holdEnd: () => engine.cache.refreshVolumes() } : {}),
      };
    });
  } finally {
    wish?.settled(done);
  }
}

/**
 * A container that no node shows because its own is away: it is given up. Its volumes stay, since nobody can ask that node.
 * @returns whether the request meant one
 * @throws ApiError 409 without `force`: whether it runs is not known
 */
async function removeAbsent({ absent }: Services, exchange: Exchange): Promise<boolean> {
  const reference = exchange.param("name");
  await absent.known();
  const [wanted, ...others] = absent.find(reference);
  if (wanted === undefined) return false;
  const { name, last } = wanted;
  if (others.length > 0)
    throw conflict(
      `several containers whose nodes are away are called ${reference}: say which, as node/name`,
    );
  if (!flag(exchange.query, "force")) {
    throw conflict(
      `cannot remove container "/${name}": its node ${last.node} is away, and whether it runs is not known: force the removal (docker rm -f ${reference})`,
    );
  }
  exchange.audit?.note({ container: last.containerId, name, node: last.node });
  await absent.forget(wanted);
  sendStatus(exchange.res, 204);
  return true;
}

/**
 * Whoever ends a container by its ID means the container, not what is left of it where it was before: that goes by itself, and the container would live on.
 * @throws ApiError 409
 */
function mustBeCurrent(cluster: Cluster, record: ContainerRecord, reference: string): void {
  if (!record.id.startsWith(reference)) return;
  const heir = heirOf(cluster.containers, record);
  if (heir === undefined) return;
  throw conflict(
    `container ${reference} has moved to node ${heir.engine.name}: use its name, or its new ID ${heir.id}. What is left of it on ${record.engine.name} is being removed; ${record.engine.name}/${record.names[0] ?? ""} means that`,
  );
}

/** By its name or swarm ID a user means the container, wherever its copies are; by an ID, or the name on a node, the one that has it. */
function means({ names, swarmId }: ContainerRecord, reference: string): "container" | "copy" {
  const bare = reference.startsWith("/") ? reference.slice(1) : reference;
  return names.includes(bare) || bare === swarmId ? "container" : "copy";
}
