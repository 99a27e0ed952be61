import type { Engine } from "../../cluster/engine.ts";
import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { ApiError, badRequest } from "../../errors.ts";
import { Http2Farewell } from "../../proxy/http2-farewell.ts";
import { clientLeft } from "../client-left.ts";
import { header, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { takeConnection } from "../take-connection.ts";
import { clientKey, healthyAt, nodeForClient, type ClientsNode } from "./builder-node.ts";
import { refreshImages } from "./refresh-images.ts";

/** A `/build` that names the session comes with it; it has this long to be first and choose the node, milliseconds. */
const SESSION_WAIT_MS = 1_000;

/**
 * `POST /grpc`: BuildKit's own protocol, which buildx speaks (spec: api.md §10.4). Nothing in the request tells one build from another, so all
 * streams of a client go to one node. Only bytes are passed on.
 */
export async function grpc(services: Services, exchange: Exchange): Promise<void> {
  const end = services.builders.grpcClients.use(clientKey(exchange), true);
  try {
    await toClientsNode(services, exchange, "/grpc");
  } finally {
    end();
  }
}

/**
 * `POST /session`: through which a build reaches its client's files and secrets. It goes where the build is that names it. A client
 * without `/grpc` streams sends such a build at the same time, and that is waited for; otherwise, or when none comes, it goes to the client's node.
 */
export async function session(services: Services, exchange: Exchange): Promise<void> {
  const { cluster, builders } = services;
  const uuid = header(exchange.req, "x-docker-expose-session-uuid") ?? "";
  if (uuid === "") throw badRequest("no session ID provided");
  const wait = builders.grpcClients.usesOf(clientKey(exchange)) > 0 ? 0 : SESSION_WAIT_MS;
  const engine = healthyAt(cluster, await builders.sessions.wait(uuid, wait, clientLeft(exchange.res)));
  if (engine === undefined) {
    await toClientsNode(services, exchange, "/session", uuid);
    return;
  }
  const end = builders.sessions.use(uuid, engine.addr);
  try {
    await takeConnection(exchange, engine, `/session${exchange.rawQuery}`);
  } finally {
    end();
  }
}

/** Joins the stream with the client's builder node; one that cannot be reached, though it seemed healthy, is replaced once. */
async function toClientsNode(
  services: Services,
  exchange: Exchange,
  path: "/grpc" | "/session",
  sessionId?: string,
): Promise<void> {
  const chosen = nodeForClient(services, exchange);
  try {
    await join(services, exchange, path, chosen, sessionId);
  } catch (error) {
    const isUnreachable = error instanceof ApiError && error.cause instanceof EngineUnreachableError;
    const other = isUnreachable ? otherNode(services, exchange, chosen.engine) : undefined;
    if (other === undefined) throw error;
    await join(services, exchange, path, other, sessionId);
  }
}

function otherNode(services: Services, exchange: Exchange, lost: Engine): ClientsNode | undefined {
  try {
    return nodeForClient(services, exchange, lost);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** When the client's last stream ends, what it built there is looked up. */
async function join(
  services: Services,
  exchange: Exchange,
  path: "/grpc" | "/session",
  { engine, end }: ClientsNode,
  sessionId: string | undefined,
): Promise<void> {
  const endSession =
    sessionId === undefined ? undefined : services.builders.sessions.use(sessionId, engine.addr);
  let wasOpen = false;
  try {
    // On a session it is the engine that asks and the client that answers: nobody reads a reason there.
    const farewell =
      path === "/grpc" ? new Http2Farewell(`${engine.name}: the engine closed the connection`) : undefined;
    await takeConnection(exchange, engine, `${path}${exchange.rawQuery}`, { farewell });
    wasOpen = true;
  } finally {
    endSession?.();
    if (end() && wasOpen) await refreshImages(engine);
  }
}
