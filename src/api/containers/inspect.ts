import { EngineResponseError } from "../../docker/engine-client.ts";
import type { Unknown } from "../../docker/types.ts";
import { notFound } from "../../errors.ts";
import { sendJson, type Exchange } from "../exchange.ts";
import { ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";
import { inspectEntry } from "../views/inspect.ts";

/** `GET /containers/{name}/json`: the engine's own answer with its node added (api.md §7.2, A8). */
export async function inspect({ cluster }: Services, exchange: Exchange): Promise<void> {
  const reference = exchange.param("name");
  const { engine, id } = ownedContainer(cluster, reference);
  const path = engine.versionedPath(exchange.clientVersion, `/containers/${id}/json${exchange.rawQuery}`);
  try {
    const answer = await engine.client.request<Unknown>({ method: "GET", path });
    engine.noteSuccess();
    sendJson(exchange.res, 200, inspectEntry(answer, engine));
  } catch (error) {
    if (error instanceof EngineResponseError && error.status === 404) {
      engine.cache.dropContainer(id);
      throw notFound(`No such container: ${reference}`);
    }
    if (!(error instanceof EngineResponseError)) engine.noteFailure(error);
    throw error;
  }
}
