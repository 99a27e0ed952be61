import type { IncomingMessage } from "node:http";
import type { Cluster } from "../../cluster/cluster.ts";
import { EngineCandidate } from "../../cluster/engine-candidate.ts";
import type { Engine } from "../../cluster/engine.ts";
import { ApiError } from "../../errors.ts";
import { EMPTY_REQUEST } from "../../scheduler/empty-request.ts";
import type { PlacementRequest, Refusal } from "../../scheduler/types.ts";
import { clientIdentity } from "../client-identity.ts";
import { header, type Exchange } from "../exchange.ts";
import { relayedClient } from "../relayed-client.ts";
import type { Services } from "../services.ts";
import type { EndUse } from "./records.ts";

/** With which a client chooses its builder node itself: a node's name, ID or address, or a constraint (api.md §10.4). */
const NODE_HEADER = "x-swarm-node";
/** Longer wishes name no node. */
const MAX_WISH_CHARS = 1_024;

/** The node for one build, by its own placement; one that names no node may be sent to `swarm.buildernode`. @throws ApiError 500 */
export function nodeForBuild({ cluster, config }: Services, exchange: Exchange, request: PlacementRequest) {
  const names = request.constraints.length + request.affinities.length + request.whitelists.length > 0;
  const wish = header(exchange.req, NODE_HEADER) ?? (names ? "" : config.cluster.builderNode);
  return chosenNode(cluster, request, wish);
}

/**
 * Remembers the node a client asks for in a ping: buildx opens its streams without the headers of the CLI's configuration, but the CLI, which
 * starts it, pings with them. A ping of the CLI's without the header takes the wish back.
 */
export function noteWish({ builders }: Services, { req }: Exchange): void {
  const wish = header(req, NODE_HEADER) ?? "";
  if (wish !== "" && wish.length <= MAX_WISH_CHARS) builders.wishes.use(clientIdentity(req), wish)();
  else if (header(req, "user-agent")?.startsWith("Docker-Client/") === true) {
    builders.wishes.delete(clientIdentity(req));
  }
}

/** A client's builder node, in use until `end` is called; it answers whether that was the client's last use. */
export interface ClientsNode {
  readonly engine: Engine;
  readonly end: EndUse;
}

/**
 * The node on which everything a client builds is built, as long as it has streams open and a while longer. A node that is not healthy is
 * replaced, and so is, between builds, one the client no longer wants or that takes nothing new.
 * @param lost cannot be reached, whatever it seems
 * @throws ApiError 500 when there is none
 */
export function nodeForClient(
  { cluster, config, builders }: Services,
  exchange: Exchange,
  lost?: Engine,
): ClientsNode {
  const { req } = exchange;
  const client = clientKey(exchange);
  const wish = header(req, NODE_HEADER) ?? wishOf(builders, req) ?? config.cluster.builderNode;
  const known = builders.clients.get(client);
  const isWanted = known?.wish === wish && cluster.engineAt(known.addr)?.availability === "active";
  const stays = isWanted || builders.clients.usesOf(client) > 0;
  const current = stays ? healthyAt(cluster, known?.addr) : undefined;
  if (known !== undefined && current !== undefined && current !== lost)
    return { engine: current, end: builders.clients.use(client, known) };
  const excludedEngines = new Set(lost === undefined ? [] : [lost.id]);
  const engine = chosenNode(cluster, { ...EMPTY_REQUEST, excludedEngines }, wish);
  return { engine, end: builders.clients.use(client, { addr: engine.addr, wish }) };
}

/** What a client asked for in a ping: of us, or of the manager that relays for it. */
function wishOf({ wishes }: Services["builders"], req: IncomingMessage): string | undefined {
  const { builderNode = "" } = relayedClient(req) ?? {};
  return builderNode === "" ? wishes.get(clientIdentity(req)) : builderNode;
}

/** A client that asks for different nodes in its requests themselves is several. */
export const clientKey = ({ req }: Exchange): string =>
  `${clientIdentity(req)} node ${header(req, NODE_HEADER) ?? ""}`;

/** The healthy member at a recorded address. */
export function healthyAt(cluster: Cluster, addr: string | undefined): Engine | undefined {
  const engine = addr === undefined ? undefined : cluster.engineAt(addr);
  return engine?.isHealthy === true ? engine : undefined;
}

/** This node, if the request fits there. @throws ApiError 500 with the scheduler's text */
export function pinnedNode(cluster: Cluster, request: PlacementRequest, pinned: Engine): Engine {
  if (!pinned.isHealthy) throw new ApiError(500, `node ${pinned.name} is not healthy`);
  const constraints = [...request.constraints, `node==${pinned.name}`];
  const fitting = ranked(cluster, { ...request, constraints });
  if (!fitting.includes(pinned)) throw new ApiError(500, `node ${pinned.name} does not fit this build`);
  return pinned;
}

function chosenNode(cluster: Cluster, request: PlacementRequest, wish: string): Engine {
  if (/[=!]=/.test(wish)) {
    const constraints = [...request.constraints, wish];
    return first(ranked(cluster, { ...request, constraints }));
  }
  if (wish === "") return first(ranked(cluster, request));
  const member = cluster.member(wish);
  if (member === undefined) throw new ApiError(500, `no node is called ${wish}`);
  return pinnedNode(cluster, request, member);
}

function ranked(cluster: Cluster, request: PlacementRequest): readonly Engine[] {
  const result = cluster.rank(request);
  if (result.kind === "refused") throw new ApiError(500, refusalText(result.refusal));
  return result.ranked.map((candidate) => {
    if (candidate instanceof EngineCandidate) return candidate.engine;
    throw new TypeError("the scheduler answered with a candidate not given to it");
  });
}

const refusalText = ({ message, explanation }: Refusal): string => [message, ...explanation].join("\n");

function first([engine]: readonly Engine[]): Engine {
  if (engine === undefined) throw new TypeError("the scheduler placed a request on no node");
  return engine;
}
