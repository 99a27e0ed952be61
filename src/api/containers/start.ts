import { EngineResponseError, EngineUnreachableError } from "../../docker/engine-client.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { sendStatus, type Exchange } from "../exchange.ts";
import { ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";
import { moveToAnotherEngine } from "./move.ts";

/** `POST …/start`. A host port that the engine finds taken by something we cannot see sends the container to the next best node. */
export async function start(services: Services, exchange: Exchange): Promise<void> {
  const record = ownedContainer(services.cluster, exchange.param("name"));
  const pathOn = (engine: Engine, id: string): string =>
    engine.versionedPath(exchange.clientVersion, `/containers/${id}/start${exchange.rawQuery}`);
  // An engine removes a `--rm` container that fails to start, and so ends its streams, before it answers the start.
  const movable = services.intents.get(record.id) !== undefined;
  const release = movable ? services.streams.hold(record.id) : () => undefined;
  try {
    sendStatus(exchange.res, await startOrMove(services, record, pathOn));
  } finally {
    release();
  }
}

async function startOrMove(
  services: Services,
  record: ContainerRecord,
  pathOn: (engine: Engine, id: string) => string,
): Promise<204 | 304> {
  const { engine, id } = record;
  try {
    const status = await engine.client.startContainer(pathOn(engine, id));
    engine.noteSuccess();
    services.intents.delete(id);
    await engine.cache.refreshContainer(id);
    return status;
  } catch (error) {
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    else await engine.cache.refreshContainer(id).catch(() => undefined);
    if (!isPortTaken(error)) throw error;
    await moveToAnotherEngine(services, record, error, pathOn);
    return 204;
  }
}

/** The engine, or its kernel, refused a host port at start. */
export const isPortTaken = (error: unknown): error is EngineResponseError =>
  error instanceof EngineResponseError &&
  /port is already allocated|address already in use|ports are not available|failed to bind host port/i.test(
    error.message,
  );
