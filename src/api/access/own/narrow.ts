import type { Cluster } from "../../../cluster/cluster.ts";
import { notFound } from "../../../errors.ts";
import type { Exchange } from "../../exchange.ts";
import { execOwner } from "../../exec-routes.ts";
import { readJsonObject } from "../../json-body.ts";
import { encodeFilters } from "../../prune.ts";
import { parseFilters } from "../../views/docker-filters.ts";
import { plainText } from "../plain-text.ts";
import type { OwnLabel } from "../policy.ts";
import type { Narrowing } from "../rights.ts";
import { Belongings } from "./belongings.ts";
import { bodies } from "./bodies.ts";
import { requireNetworks } from "./endpoints.ts";
import { withBody } from "./replayed-request.ts";

type Narrow = (exchange: Exchange, own: Belongings, cluster: Cluster) => Exchange | Promise<Exchange>;

/**
 * How each kind of request is narrowed to what is the client's own, before its handler sees it: references become whole IDs of its own things, lists
 * get its label as a filter, bodies are made anew.
 */
const narrowings: Readonly<Record<Exclude<Narrowing, "no" | "as-is">, Narrow>> = {
  filtered: (exchange, own) => filtered(exchange, own),
  "container-list": (exchange, own) => filtered(withOwnLimits(exchange, own), own),
  container: (exchange, own) => onContainer(exchange, own),
  "container-start": (exchange, own) => {
    const container = own.container(exchange.param("name"));
    requireNetworks(own, container);
    return naming(exchange, container.id);
  },
  "container-update": (exchange, own) => sending(onContainer(exchange, own), bodies.update),
  "exec-create": (exchange, own) => sending(onContainer(exchange, own), bodies.exec),
  exec: onExec,
  create: async (exchange, own) => {
    const body = await readJsonObject(exchange.req);
    const check = (): object => bodies.create(body, own);
    return { ...exchange, req: withBody(exchange.req, check()), recheck: () => void check() };
  },
  network: (exchange, own) => naming(exchange, own.network(exchange.param("name")).network.Id),
  "network-create": (exchange, own) => sending(exchange, (body) => bodies.networkCreate(body, own)),
  "network-endpoint": onEndpoint,
  volume: (exchange, own) => {
    const reference = exchange.param("name");
    if (!own.isVolume(reference)) throw notFound(`No such volume: ${reference}`);
    return exchange;
  },
  "volume-create": (exchange, own) => sending(exchange, (body) => bodies.volumeCreate(body, own)),
};

/**
 * What is left of a request of the role `own`.
 * @throws ApiError 403, 404 for what is not the client's; 400, 413 for bodies that cannot be read
 */
export async function narrow(
  exchange: Exchange,
  to: keyof typeof narrowings,
  { cluster, label }: { readonly cluster: Cluster; readonly label: OwnLabel },
): Promise<Exchange> {
  return await narrowings[to](exchange, new Belongings(cluster, label), cluster);
}

/** The same request, about this thing. */
const naming = (exchange: Exchange, id: string): Exchange => ({
  ...exchange,
  param: (name) => (name === "name" ? id : exchange.param(name)),
});

const onContainer = (exchange: Exchange, own: Belongings): Exchange =>
  naming(exchange, own.container(exchange.param("name")).id);

async function sending(
  exchange: Exchange,
  rewrite: (body: Readonly<Record<string, unknown>>) => object,
): Promise<Exchange> {
  return { ...exchange, req: withBody(exchange.req, rewrite(await readJsonObject(exchange.req))) };
}

/** @throws ApiError 404 `Exec X not found`, as for one that does not exist */
async function onExec(exchange: Exchange, own: Belongings, cluster: Cluster): Promise<Exchange> {
  const id = exchange.param("id");
  const { containerId } = await execOwner(cluster, id);
  try {
    own.container(containerId);
  } catch {
    throw notFound(`Exec ${plainText(id)} not found`);
  }
  return exchange;
}

async function onEndpoint(exchange: Exchange, own: Belongings): Promise<Exchange> {
  let container = "";
  const narrowed = await sending(exchange, (body) => {
    const rewritten = bodies.networkEndpoint(body, own);
    if (typeof rewritten.Container === "string") container = rewritten.Container;
    return rewritten;
  });
  const near = container === "" ? undefined : own.container(container);
  return naming(narrowed, own.network(exchange.param("name"), near).network.Id);
}

/** `before` and `since` name containers, beside the filters of that name. */
function withOwnLimits(exchange: Exchange, own: Belongings): Exchange {
  const query = new URLSearchParams(exchange.query);
  for (const key of ["before", "since"]) {
    const reference = query.get(key) ?? "";
    if (reference !== "") query.set(key, own.container(reference).id);
  }
  return { ...exchange, query };
}

/** With the label among the filters, which must all fit; what else they name must be the client's own. */
function filtered(exchange: Exchange, own: Belongings): Exchange {
  const query = new URLSearchParams(exchange.query);
  const filters = new Map(parseFilters(query.get("filters") ?? undefined, 400));
  filters.set("label", [...(filters.get("label") ?? []), `${own.label.key}=${own.label.value}`]);
  for (const key of ["before", "since"]) {
    const named = filters.get(key);
    if (named !== undefined)
      filters.set(
        key,
        named.map((reference) => own.container(reference).id),
      );
  }
  query.set("filters", encodeFilters(filters));
  return { ...exchange, query, rawQuery: `?${query.toString()}` };
}
