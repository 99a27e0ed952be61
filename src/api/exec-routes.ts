import { EngineUnreachableError } from "../docker/engine-client.ts";
import { badRequest, notFound } from "../errors.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Engine } from "../cluster/engine.ts";
import { sendJson, type Exchange, type Route } from "./exchange.ts";
import { withProperKeys } from "./go-keys.ts";
import { readJsonObject } from "./json-body.ts";
import { forwardTo, ownedContainer } from "./owner.ts";
import type { Services } from "./services.ts";
import { takeConnection } from "./take-connection.ts";

/** Docker's "Exec" tag (spec: api.md §3.2, §4.3, §7.7). */
// prettier-ignore
export function execRoutes(services: Services): readonly Route[] {
  return [
    { method: "post", path: "/containers/*name/exec", handle: (x) => createExec(services, x) },               // ContainerExec
    { method: "post", path: "/exec/:id/start",        handle: (x) => startExec(services, x), hijack: true },  // ExecStart
    { method: "post", path: "/exec/:id/resize",       handle: (x) => forwardExec(services, x, "resize") },    // ExecResize
    { method: "get",  path: "/exec/:id/json",         handle: (x) => forwardExec(services, x, "json") },      // ExecInspect
  ];
}

async function createExec({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { engine, id } = ownedContainer(cluster, exchange.param("name"));
  const body = withProperKeys(await readJsonObject(exchange.req), ["Cmd"]);
  if (!Array.isArray(body.Cmd) || body.Cmd.length === 0) throw badRequest("No exec command specified");
  const path = engine.versionedPath(exchange.clientVersion, `/containers/${id}/exec${exchange.rawQuery}`);
  // Nobody creates one but to start it.
  engine.connections.prepare();
  try {
    const created = await engine.client.request<{ Id?: unknown }>({ method: "POST", path, body });
    engine.noteSuccess();
    if (typeof created.Id === "string") {
      cluster.execs.add(created.Id, engine, id);
      exchange.audit?.note({ exec: created.Id });
    }
    sendJson(exchange.res, 201, created);
  } catch (error) {
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    throw error;
  }
}

/** With the connection handed over or, when detached, an ordinary answer: the engine decides, from the body. */
async function startExec(services: Services, exchange: Exchange): Promise<void> {
  const id = exchange.param("id");
  const { engine } = await execOwner(services.cluster, id);
  await takeConnection(exchange, engine, `/exec/${encodeURIComponent(id)}/start${exchange.rawQuery}`);
}

async function forwardExec(services: Services, exchange: Exchange, tail: "resize" | "json"): Promise<void> {
  const id = exchange.param("id");
  const { engine } = await execOwner(services.cluster, id);
  const path = `/exec/${encodeURIComponent(id)}/${tail}${exchange.rawQuery}`;
  await forwardTo(exchange, services.cluster, engine, path);
}

/** Where an exec runs. */
export interface ExecOwner {
  readonly engine: Engine;
  readonly containerId: string;
}

/**
 * The engine and container an exec lives on: known from its creation, or found by asking every healthy engine (A3).
 * @throws ApiError 404 `Exec X not found`
 */
export async function execOwner(cluster: Cluster, execId: string): Promise<ExecOwner> {
  const known = cluster.execs.get(execId);
  if (known !== undefined) return known;
  const asked = [...cluster.healthy()].map(async (engine) => {
    const exec = await engine.client.inspectExec(execId);
    if (exec === undefined) throw new Error("not here");
    const containerId = exec.ContainerID ?? "";
    cluster.execs.add(execId, engine, containerId);
    return { engine, containerId };
  });
  try {
    return await Promise.any(asked);
  } catch {
    throw notFound(`Exec ${execId} not found`);
  }
}
