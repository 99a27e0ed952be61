import { badRequest } from "../../errors.ts";
import { sendJson, type Exchange } from "../exchange.ts";
import { fanOut } from "../fan-out.ts";
import type { Services } from "../services.ts";
import { parseFilters, type DockerFilters } from "../views/docker-filters.ts";

interface PruneReport {
  readonly ContainersDeleted?: readonly string[] | null;
  readonly SpaceReclaimed?: number;
}

/** `POST /containers/prune`: on every healthy engine, or those a `node=` filter names; what was freed is summed up (api.md §10.3). */
export async function prune({ cluster, log }: Services, exchange: Exchange): Promise<void> {
  const filters = new Map(parseFilters(exchange.query.get("filters") ?? undefined, 400));
  const nodes = filters.get("node");
  filters.delete("node");
  const chosen = [...cluster.healthy()].filter(
    ({ name, id }) => nodes === undefined || nodes.includes(name) || nodes.includes(id),
  );
  if (nodes !== undefined && chosen.length === 0)
    throw badRequest(`no healthy node is called ${nodes.join(" or ")}`);
  const query = filters.size === 0 ? "" : `?filters=${encodeURIComponent(encodeFilters(filters))}`;
  const { answers, failures } = await fanOut(cluster, chosen, (engine) =>
    engine.client.request<PruneReport>({
      method: "POST",
      path: engine.versionedPath(exchange.clientVersion, `/containers/prune${query}`),
    }),
  );
  for (const failure of failures) log.warn({ failure }, "a node could not prune");
  for (const { engine, answer } of answers) {
    for (const id of answer.ContainersDeleted ?? []) engine.cache.dropContainer(id);
  }
  const deleted = answers.flatMap(({ answer }) => answer.ContainersDeleted ?? []);
  sendJson(exchange.res, 200, {
    ContainersDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: answers.reduce((sum, { answer }) => sum + (answer.SpaceReclaimed ?? 0), 0),
  });
}

/** In the form of today; engines may stop reading the older one, with lists. */
const encodeFilters = (filters: DockerFilters): string =>
  JSON.stringify(
    Object.fromEntries(
      [...filters].map(([key, values]) => [key, Object.fromEntries(values.map((value) => [value, true]))]),
    ),
  );
