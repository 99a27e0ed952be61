import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import { ApiError, notFound } from "../../errors.ts";
import type { Exchange } from "../exchange.ts";
import { askEach, jointError } from "../fan-out.ts";
import { forwardTo } from "../owner.ts";
import type { Services } from "../services.ts";
import { namedPlugin } from "./plugin-nodes.ts";

/** Nobody waits longer for a node that does not answer: `docker inspect X` asks for a plugin called X each time. */
const PATIENCE_MS = 5_000;

/** One engine's answer about a plugin, and the plugin's path there. */
export interface FoundPlugin {
  readonly engine: Engine;
  /** Its `GET /plugins/{name}/json`, as it came. */
  readonly json: string;
  readonly path: string;
}

/**
 * The first healthy node, in the cluster's order, that has a plugin; no node's plugins are known without asking.
 * @throws ApiError 404 `plugin "X" not found` when every node that answered says so; what the engines say when none answered so
 */
export async function findPlugin({ cluster, log }: Services, exchange: Exchange): Promise<FoundPlugin> {
  const reference = exchange.param("name");
  const { engines, name, path } = namedPlugin(cluster, reference);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const { answers, failed, failures } = await askEach(engines, async (engine) => {
    try {
      return await engine.client.requestText({
        method: "GET",
        path: engine.versionedPath(exchange.clientVersion, `${path}/json`),
        signal: patience,
      });
    } catch (error) {
      if (!patience.aborted) throw error;
      throw new ApiError(500, `no answer within ${PATIENCE_MS / 1000} s`, { cause: error });
    }
  });
  const [found] = answers;
  if (found !== undefined) return { engine: found.engine, json: found.answer, path };
  const denied = failed.filter(({ error }) => error instanceof EngineResponseError && error.status === 404);
  if (denied.length === 0) throw jointError(failed);
  if (denied.length < failed.length) log.warn({ failures }, "not every node could be asked for a plugin");
  throw notFound(`plugin "${name}" not found`);
}

/** `POST /plugins/{name}/push`: from one node that has it; they all push the same. */
export async function push(services: Services, exchange: Exchange): Promise<void> {
  const { engine, path } = await findPlugin(services, exchange);
  await forwardTo(exchange, services.cluster, engine, `${path}/push${exchange.rawQuery}`);
}
