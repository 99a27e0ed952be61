import type { Engine } from "../../cluster/engine.ts";
import { parseExact, stringifyExact } from "../../docker/exact-json.ts";
import { forwardToFirst } from "../forward-to-first.ts";
import { sendJsonText, type Exchange } from "../exchange.ts";
import { fanOut } from "../fan-out.ts";
import { chosenEngines } from "../nodes.ts";
import { encodeFilters } from "../prune.ts";
import type { Services } from "../services.ts";
import { parseFilters } from "../views/docker-filters.ts";
import { nodeObject } from "../views/inspect.ts";
import { addWarnings } from "../warnings.ts";
import { findPlugin } from "./find.ts";
import { healthyOnes } from "./plugin-nodes.ts";

type Plugin = Readonly<Record<string, unknown>>;

/**
 * `GET /plugins`: the plugins of all healthy nodes, one entry for a name and ID, each with its `Node` (spec: api.md §10.3). A plugin that was
 * pulled on three nodes has three IDs and three entries. Filter `node=` chooses nodes, the others are the engines'.
 */
export async function list({ cluster, log }: Services, exchange: Exchange): Promise<void> {
  const { query, clientVersion, res } = exchange;
  const { engines, filters } = chosenEngines(cluster, parseFilters(query.get("filters") ?? undefined, 400));
  const search = filters.size === 0 ? "" : `?filters=${encodeURIComponent(encodeFilters(filters))}`;
  const { answers, failures } = await fanOut(cluster, engines, async (engine) =>
    plugins(
      await engine.client.requestText({
        method: "GET",
        path: engine.versionedPath(clientVersion, `/plugins${search}`),
      }),
    ),
  );
  for (const failure of failures) log.warn({ failure }, "a node could not list its plugins");
  const seen = new Map<string, Plugin>();
  for (const { engine, answer } of answers) {
    for (const plugin of answer) {
      const key = JSON.stringify([plugin.Name, plugin.Id]);
      if (!seen.has(key)) seen.set(key, withNode(plugin, engine));
    }
  }
  addWarnings(res, failures);
  sendJsonText(res, 200, stringifyExact([...seen.values()]));
}

/** An engine's list; whatever is not an object in it is left out. */
function plugins(json: string): readonly Plugin[] {
  const list = parseExact(json);
  return Array.isArray(list) ? list.filter(isPlugin) : [];
}

const isPlugin = (value: unknown): value is Plugin =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const withNode = (plugin: Plugin, engine: Engine): Plugin => ({ ...plugin, Node: nodeObject(engine) });

/** `GET /plugins/{name}/json`: as the first healthy node has it, with `Node`. `docker inspect X` asks too, and goes on only after a 404. */
export async function inspect(services: Services, exchange: Exchange): Promise<void> {
  const { engine, json } = await findPlugin(services, exchange);
  const plugin = parseExact(json);
  sendJsonText(exchange.res, 200, isPlugin(plugin) ? stringifyExact(withNode(plugin, engine)) : json);
}

/** `GET /plugins/privileges`: what a plugin in a registry asks for; any engine can look. */
export async function privileges({ cluster }: Services, exchange: Exchange): Promise<void> {
  await forwardToFirst(exchange, cluster, healthyOnes(cluster), `/plugins/privileges${exchange.rawQuery}`);
}
