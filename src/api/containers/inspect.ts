import { EngineResponseError } from "../../docker/engine-client.ts";
import type { Unknown } from "../../docker/types.ts";
import { parseExact, stringifyExact } from "../../docker/exact-json.ts";
import { ApiError, notFound } from "../../errors.ts";
import { sendJsonText, type Exchange } from "../exchange.ts";
import { ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";
import { inspectEntry } from "../views/inspect.ts";

/** `GET /containers/{name}/json`: the engine's own answer with its node added (api.md §7.2, A8). */
export async function inspect({ cluster }: Services, exchange: Exchange): Promise<void> {
  const reference = exchange.param("name");
  const { engine, id } = ownedContainer(cluster, reference);
  const path = engine.versionedPath(exchange.clientVersion, `/containers/${id}/json${exchange.rawQuery}`);
  try {
    const text = await engine.client.requestText({ method: "GET", path });
    engine.noteSuccess();
    sendJsonText(exchange.res, 200, stringifyExact(inspectEntry(parseObject(text), engine)));
  } catch (error) {
    if (error instanceof EngineResponseError && error.status === 404) {
      engine.cache.dropContainer(id);
      throw notFound(`No such container: ${reference}`);
    }
    if (!(error instanceof EngineResponseError)) engine.noteFailure(error);
    throw error;
  }
}

/** @throws ApiError 500 for an answer that is no JSON object */
function parseObject(text: string): Unknown {
  try {
    const value = parseExact(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Unknown;
  } catch {
    // The same as any other answer we cannot read.
  }
  throw new ApiError(500, "the engine did not answer the inspect with a JSON object");
}
