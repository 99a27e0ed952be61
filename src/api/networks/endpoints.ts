import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import { ApiError, notFound } from "../../errors.ts";
import { splitNodeName } from "../accepted-engines.ts";
import type { Exchange } from "../exchange.ts";
import { withProperKeys } from "../go-keys.ts";
import { readJsonObject } from "../json-body.ts";
import { healthyEngine, networkGroups } from "../nodes.ts";
import { forwardTo, ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";
import { isLocal, resolveNetwork, type NetworkGroup } from "../views/networks.ts";
import { isGlobal, refreshNetworks } from "./known-networks.ts";

/** The body of connect and disconnect; the rest of it travels untouched. */
interface EndpointBody extends Record<string, unknown> {
  readonly Container: string;
  readonly Force?: unknown;
}

/**
 * `POST /networks/{id}/connect`: asked of the container's engine, under full IDs (images-networks-volumes.md §2.6, A20). A bare name that
 * several nodes have means the one on the container's node.
 */
export async function connect(services: Services, exchange: Exchange): Promise<void> {
  const body = await endpointBody(exchange);
  const network = lookUp(services.cluster, exchange, body);
  const record = ownedContainer(services.cluster, body.Container);
  await ask(services, exchange, { action: "connect", body, network, record });
}

/**
 * `POST /networks/{id}/disconnect` (§2.7). With `Force`, any node that has the network may tear down what is left of a container that is gone, or
 * out of reach.
 */
export async function disconnect(services: Services, exchange: Exchange): Promise<void> {
  const { cluster } = services;
  const body = await endpointBody(exchange);
  const network = lookUp(cluster, exchange, body);
  const known = cluster.containers.resolve(body.Container);
  const isLost = known === undefined || (!known.engine.isHealthy && isGlobal(network.network));
  if (body.Force === true && isLost) {
    await tearDown(services, exchange, { body, network, record: known });
    return;
  }
  const record = ownedContainer(cluster, body.Container);
  await ask(services, exchange, { action: "disconnect", body, network, record });
}

/** @throws ApiError 404 `Container is not specified` for what cannot be read, 413 */
async function endpointBody({ req }: Exchange): Promise<EndpointBody> {
  const unspecified = (cause?: unknown) => new ApiError(404, "Container is not specified", { cause });
  let body: Record<string, unknown>;
  try {
    body = withProperKeys(await readJsonObject(req), ["Container", "Force"]);
  } catch (error) {
    throw error instanceof ApiError && error.status === 400 ? unspecified(error) : error;
  }
  const { Container } = body;
  if (typeof Container !== "string" || Container === "") throw unspecified();
  return { ...body, Container };
}

/** @throws ApiError 404 `No such network: X` */
function lookUp(cluster: Cluster, exchange: Exchange, { Container }: EndpointBody): NetworkGroup {
  const reference = exchange.param("name");
  const groups = networkGroups(cluster);
  const owner = cluster.containers.resolve(Container)?.engine;
  const found =
    resolveNetwork(groups, reference) ??
    resolveNetwork(
      groups.filter(({ nodes }) => nodes.some(({ addr }) => addr === owner?.addr)),
      reference,
    );
  if (found === undefined) throw notFound(`No such network: ${reference}`);
  return found;
}

/** @throws ApiError 404 when the network is another node's */
async function ask(
  { cluster, intents }: Services,
  exchange: Exchange,
  what: {
    readonly action: "connect" | "disconnect";
    readonly body: EndpointBody;
    readonly network: NetworkGroup;
    readonly record: ContainerRecord;
  },
): Promise<void> {
  const { network, nodes } = what.network;
  const { engine, id } = what.record;
  if (isLocal(network) && !nodes.some(({ addr }) => addr === engine.addr)) {
    throw notFound(`network ${exchange.param("name")} not found on node ${engine.name}`);
  }
  await forwardTo(exchange, cluster, engine, `/networks/${network.Id}/${what.action}${exchange.rawQuery}`, {
    body: Buffer.from(JSON.stringify({ ...what.body, Container: id })),
    // It is no longer what its create body said: a start elsewhere would undo this.
    onSuccess: () => intents.delete(id),
    holdEnd: async () => {
      await Promise.all([engine.cache.refreshContainer(id), refreshNetworks(engine)]);
    },
  });
}

/** An engine that does not have the container knows its endpoint by the container's name. */
async function tearDown(
  { cluster }: Services,
  exchange: Exchange,
  what: {
    readonly body: EndpointBody;
    readonly network: NetworkGroup;
    readonly record: ContainerRecord | undefined;
  },
): Promise<void> {
  const { network, nodes } = what.network;
  const engine = healthyEngine(cluster, nodes, `network ${network.Name}`);
  const name = what.record?.inspect.Name.replace(/^\//, "") ?? bareName(cluster, what.body.Container);
  await forwardTo(exchange, cluster, engine, `/networks/${network.Id}/disconnect${exchange.rawQuery}`, {
    body: Buffer.from(JSON.stringify({ ...what.body, Container: name })),
    holdEnd: () => refreshNetworks(engine),
  });
}

function bareName(cluster: Cluster, reference: string): string {
  const { node, name } = splitNodeName(reference);
  return node === undefined || cluster.member(node) === undefined ? reference : name;
}
