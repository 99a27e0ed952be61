import { EngineUnreachableError } from "../../docker/engine-client.ts";
import type { ContainerSummary } from "../../docker/types.ts";
import type { Engine } from "../../cluster/engine.ts";
import { flag, integer, sendJson, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { parseFilters, wanted } from "../views/docker-filters.ts";
import {
  listEntry,
  selectContainers,
  type ContainerListContext,
  type ContainerListQuery,
} from "../views/container-list.ts";
import { sendJsonPieces } from "../send-pieces.ts";
import { containerListing, prepareListing } from "./listing.ts";

/** `GET /containers/json`: from the cluster's state alone, but for `size`, which engines must measure (api.md §7.1). */
export async function list(services: Services, exchange: Exchange): Promise<void> {
  const { cluster } = services;
  const { query } = exchange;
  const filters = parseFilters(query.get("filters") ?? undefined);
  await refreshIfAsked(services, wanted(filters, "node") ?? [], wanted(filters, "name") ?? []);
  const asked: ContainerListQuery = {
    all: flag(query, "all"),
    limit: integer(query, "limit"),
    before: optional(query.get("before")),
    filters: withSince(filters, query.get("since")),
    clientVersion: exchange.clientVersion,
  };
  const context: ContainerListContext = {
    find: (reference) => cluster.containers.resolve(reference),
    imagesOf: (node) => cluster.engineAt(node.addr)?.cache.inventory.images ?? [],
  };
  if (flag(query, "size")) {
    await listWithSizes(services, exchange, asked, context);
    return;
  }
  const listing = containerListing(cluster);
  if (asked.filters.size === 0 && asked.limit <= 0) await prepareListing(listing);
  await sendJsonPieces(exchange.res, 200, listing.list(asked, context, Date.now()));
}

async function listWithSizes(
  { cluster }: Services,
  { res }: Exchange,
  asked: ContainerListQuery,
  context: ContainerListContext,
): Promise<void> {
  const selected = selectContainers(cluster.containers.values(), asked, context);
  const now = Date.now();
  const entries = selected.map((container) => listEntry(container, now));
  const nodes = new Set(selected.map(({ node }) => node.addr));
  const engines = [...cluster.healthy()].filter(({ addr }) => nodes.has(addr));
  const sizes = await measure(engines);
  sendJson(
    res,
    200,
    entries.map((entry) => ({ ...entry, ...sizes.get(entry.Id) })),
  );
}

const optional = (text: string | null): string | undefined =>
  text === null || text === "" ? undefined : text;

/** Old clients give `since` beside `before`, newer ones as a filter. */
function withSince(filters: ReturnType<typeof parseFilters>, since: string | null): typeof filters {
  return since === null || since === "" ? filters : new Map([...filters, ["since", [since]]]);
}

/** `--refresh-on-node-filter` and `--container-name-refresh-filter` (cli.md §5.1). Engines that fail keep what was known. */
async function refreshIfAsked(
  { cluster, config }: Services,
  nodes: readonly string[],
  names: readonly string[],
): Promise<void> {
  const magic = config.containerNameRefreshFilter;
  const all = magic !== "" && names.includes(magic);
  const chosen = [...cluster.healthy()].filter(
    (engine) => all || (config.refreshOnNodeFilter && nodes.includes(engine.name)),
  );
  await Promise.allSettled(chosen.map((engine) => engine.cache.readAll("everything")));
}

/** JSON leaves out what an engine left out. */
interface Size {
  readonly SizeRw: unknown;
  readonly SizeRootFs: unknown;
}

async function measure(engines: Iterable<Engine>): Promise<ReadonlyMap<string, Size>> {
  const sizes = new Map<string, Size>();
  await Promise.all(
    [...engines].map(async (engine) => {
      try {
        const path = engine.versionedPath(undefined, "/containers/json?all=1&size=1");
        for (const entry of await engine.client.request<ContainerSummary[]>({ method: "GET", path })) {
          const { Id, SizeRw, SizeRootFs } = entry;
          sizes.set(Id, { SizeRw, SizeRootFs });
        }
      } catch (error) {
        if (error instanceof EngineUnreachableError) engine.noteFailure(error);
      }
    }),
  );
  return sizes;
}
