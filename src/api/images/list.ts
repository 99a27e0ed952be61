import { atLeast } from "../../docker/api-version.ts";
import { entriesOf, imageEntry } from "../../docker/list-entries.ts";
import { flag, sendJson, type Exchange } from "../exchange.ts";
import { askEach } from "../fan-out.ts";
import { nodeImages } from "../nodes.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { listImages } from "../views/image-list.ts";
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
  const options = {
    all: flag(query, "all"),
    filters,
    filter: query.get("filter") ?? undefined,
    clientVersion: version,
    containersOf: atLeast(version, "1.51") ? containerCounter(services) : undefined,
  };
  const images = looksUp ? await lookUp(services, exchange) : nodeImages(cluster);
  sendJson(exchange.res, 200, listImages(images, options, Date.now()));
}

/** Counts every node's containers by image, once for the whole list. */
function containerCounter({ cluster }: Services): (node: NodeView, imageId: string) => number {
  const counts = new Map<string, number>();
  const key = ({ addr }: NodeView, imageId: string): string => `${addr} ${imageId}`;
  for (const { node, summary } of cluster.containers.values()) {
    const at = key(node, summary.ImageID);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return (node, imageId) => counts.get(key(node, imageId)) ?? 0;
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
