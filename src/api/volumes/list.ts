import { sendJsonText, type Exchange } from "../exchange.ts";
import { KeptAnswers } from "../kept-answers.ts";
import { nodeVolumes } from "../nodes.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { listVolumes } from "../views/volumes.ts";

const whole = new KeptAnswers();

/** `GET /volumes` (spec: images-networks-volumes.md §3.2). */
export async function list({ cluster }: Services, { res, query, clientVersion }: Exchange): Promise<void> {
  const filters = parseFilters(query.get("filters") ?? undefined);
  // An image may have given a new container volumes of its own.
  if (filters.has("dangling")) await cluster.settle();
  const make = (): string =>
    JSON.stringify(
      listVolumes(nodeVolumes(cluster), cluster.containers.values(), { filters, clientVersion }),
    );
  if (filters.size > 0) {
    sendJsonText(res, 200, make());
    return;
  }
  const sources = [...cluster.members()].flatMap(({ addr, name, cache }) => [
    addr,
    name,
    cache.inventory.volumes,
  ]);
  sendJsonText(res, 200, whole.of(cluster, "", sources, make));
}
