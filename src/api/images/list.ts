import { atLeast } from "../../docker/api-version.ts";
import { entriesOf, imageEntry } from "../../docker/list-entries.ts";
import { flag, sendJson, sendJsonText, type Exchange } from "../exchange.ts";
import { askEach } from "../fan-out.ts";
import { KeptAnswers } from "../kept-answers.ts";
import { nodeImages } from "../nodes.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { listImages, type ImageListQuery } from "../views/image-list.ts";
import type { NodeImages, NodeView } from "../views/types.ts";
import { warnOf } from "./holders.ts";

/**
 * `GET /images/json`: from the cluster's state alone, but for `shared-size` and `manifests`, which engines must look up
 * (images-networks-volumes.md §1.2, api.md §10.3).
 */
export async function list(services: Services, exchange: Exchange): Promise<void> {
  const { cluster } = services;
  const { query, clientVersion } = exchange;
  const filters = parseFilters(query.get("filters") ?? undefined);
  const version = clientVersion ?? cluster.apiRange.max;
  const looksUp =
    (atLeast(version, "1.42") && flag(query, "shared-size")) ||
    (atLeast(version, "1.47") && flag(query, "manifests"));
  const counts = atLeast(version, "1.51");
  if (counts) await cluster.settle();
  const options = {
    all: flag(query, "all"),
    filters,
    filter: query.get("filter") ?? undefined,
    clientVersion: version,
    containersOf: counts ? containerCounter(services) : undefined,
  };
  if (looksUp) {
    const images = await lookUp(services, exchange);
    sendJson(exchange.res, 200, listImages(images, options, Date.now()));
    return;
  }
  const make = (): string => JSON.stringify(listImages(nodeImages(cluster), options, Date.now()));
  const isWhole = filters.size === 0 && (options.filter ?? "") === "";
  sendJsonText(exchange.res, 200, isWhole ? wholeList(services, options, make) : make());
}

const whole = new KeptAnswers();

function wholeList(
  { cluster }: Services,
  { all, clientVersion, containersOf }: Pick<ImageListQuery, "all" | "clientVersion" | "containersOf">,
  make: () => string,
): string {
  const sources = [
    containersOf === undefined ? 0 : cluster.containers.version,
    ...[...cluster.members()].flatMap(({ addr, cache }) => [addr, cache.inventory.images]),
  ];
  return whole.of(cluster, `${clientVersion ?? ""} ${all ? "all" : ""}`, sources, make);
}

/** Counts every node's containers by image, once for the whole list and when first asked. */
function containerCounter({ cluster }: Services): (node: NodeView, imageId: string) => number {
  let counts: Map<string, number> | undefined;
  const key = ({ addr }: NodeView, imageId: string): string => `${addr} ${imageId}`;
  const count = (): Map<string, number> => {
    const counted = new Map<string, number>();
    for (const { node, summary } of cluster.containers.values()) {
      const at = key(node, summary.ImageID);
      counted.set(at, (counted.get(at) ?? 0) + 1);
    }
    return counted;
  };
  return (node, imageId) => (counts ??= count()).get(key(node, imageId)) ?? 0;
}

/** Every node's images as its engine lists them now; as last known where it cannot be asked. */
async function lookUp(services: Services, exchange: Exchange): Promise<readonly NodeImages[]> {
  const { cluster } = services;
  const wanted = new URLSearchParams({ all: "1" });
  for (const name of ["shared-size", "manifests"]) if (flag(exchange.query, name)) wanted.set(name, "1");
  const { answers, failures } = await askEach(cluster.healthy(), async (engine) => {
    const path = engine.versionedPath(exchange.clientVersion, `/images/json?${wanted.toString()}`);
    return entriesOf(await engine.client.request<unknown>({ method: "GET", path }), imageEntry);
  });
  warnOf(services, exchange, "a node could not list its images", failures);
  const fresh = new Map(answers.map(({ engine, answer }) => [engine.addr, answer]));
  return nodeImages(cluster).map(({ node, images }) => ({ node, images: fresh.get(node.addr) ?? images }));
}
