import { DEFAULT_SETTINGS } from "../../cluster/node-settings.ts";
import type { Engine } from "../../cluster/engine.ts";
import { conflict } from "../../errors.ts";
import { managerEvent } from "../../events/event-format.ts";
import { sameSettings } from "../../nodes/node-change.ts";
import type { DrainProgress } from "../../reschedule/drain/drain-view.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import { sendJson, type Exchange } from "../exchange.ts";
import { readJsonObject } from "../json-body.ts";
import type { Services } from "../services.ts";
import { secondsTimestamp } from "../views/timestamp.ts";
import { findNode } from "./find-node.ts";
import { readNodeChange } from "./node-change-body.ts";

type Parts = Pick<Services, "cluster" | "nodes" | "drains">;

/** `GET /cluster/nodes`: all of them, pending ones included, by name. */
export function listNodes(services: Parts, { res }: Exchange): void {
  const engines = [...services.cluster.engines].sort(
    (a, b) => compareNatural(a.name, b.name) || compareNatural(a.addr, b.addr),
  );
  sendJson(
    res,
    200,
    engines.map((engine) => nodeBody(services, engine)),
  );
}

/** `GET /cluster/nodes/{node}` */
export function inspectNode(services: Parts, exchange: Exchange): void {
  sendJson(exchange.res, 200, nodeBody(services, findNode(services.cluster, exchange.param("node"))));
}

/**
 * `POST /cluster/nodes/{node}/update`: answers when it is stored; a drain goes on by itself.
 * @throws ApiError 400, 404; 409 for a node whose ID nobody knows yet; 503 when it could not be stored
 */
export async function updateNode(
  services: Parts & Pick<Services, "hub" | "log">,
  exchange: Exchange,
): Promise<void> {
  const { cluster, nodes, hub, log } = services;
  const change = readNodeChange(await readJsonObject(exchange.req));
  const engine = findNode(cluster, exchange.param("node"));
  const { engineId } = engine;
  if (engineId === "") {
    throw conflict(
      `node ${engine.addr} has not told its ID yet, by which settings are kept: it can be updated when it has answered once` +
        (engine.error === "" ? "" : ` (${engine.error})`),
    );
  }
  exchange.audit?.note({ node: engine.name });
  const before = nodes.of(engineId) ?? DEFAULT_SETTINGS;
  const settings = await nodes.update(engineId, engine.name, change);
  if (!sameSettings(before, settings)) {
    const { availability } = settings;
    const labels = [...settings.labels].map(([key, value]) => `${key}=${value}`).sort();
    log.info({ node: engine.name, id: engine.id, availability, labels }, "Updated node");
    const attributes = { availability, labels: labels.join(",") };
    hub.publish(managerEvent("node_update", engine, Date.now(), { attributes }));
  }
  sendJson(exchange.res, 200, nodeBody(services, engine));
}

/** A node as docs/operator-api.md has it. */
function nodeBody({ nodes, drains }: Parts, engine: Engine): Readonly<Record<string, unknown>> {
  const { engineId, name, addr, state, error, ownLabels, containers, serverVersion } = engine;
  const { availability, labels } = nodes.of(engineId) ?? DEFAULT_SETTINGS;
  return {
    ID: engineId,
    Name: name,
    Addr: addr,
    Status: state,
    Error: error,
    Availability: availability,
    Labels: Object.fromEntries(labels),
    EngineLabels: Object.fromEntries(ownLabels),
    Containers: containers.total,
    ServerVersion: serverVersion,
    Drain: drainBody(engineId === "" ? undefined : drains.progress(engineId)),
  };
}

function drainBody(progress: DrainProgress | undefined): Readonly<Record<string, unknown>> | null {
  if (progress === undefined) return null;
  const { state, startedMs, deadlineMs, moved, moving, stays } = progress;
  return {
    State: state,
    StartedAt: secondsTimestamp(startedMs),
    Deadline: secondsTimestamp(deadlineMs),
    Moved: moved.map(({ name, swarmId, to }) => ({ Name: name, SwarmID: swarmId, To: to })),
    Moving: moving.map(({ name, swarmId }) => ({ Name: name, SwarmID: swarmId })),
    Stays: stays.map(({ name, id, why }) => ({ Name: name, ID: id, Why: why })),
  };
}
