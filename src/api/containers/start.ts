import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { isPortTaken } from "../../docker/refusals.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { sendStatus, type Exchange } from "../exchange.ts";
import { ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";
import type { CreateIntent } from "./create-intents.ts";
import { moveToAnotherEngine } from "./move.ts";

type PathOn = (engine: Engine, id: string) => string;

/** `POST …/start`. A host port that the engine finds taken by something we cannot see sends the container to the next best node. */
export async function start(services: Services, exchange: Exchange): Promise<void> {
  const record = ownedContainer(services.cluster, exchange.param("name"));
  const pathOn: PathOn = (engine, id) =>
    engine.versionedPath(exchange.clientVersion, `/containers/${id}/start${exchange.rawQuery}`);
  const intent = services.intents.get(record.id);
  const status =
    intent === undefined || record.inspect.State.Status !== "created"
      ? await startWhereItIs(services, record, pathOn)
      : await services.intents.startOnce(record.id, () => startMovable(services, record, intent, pathOn));
  // Its ID means it wherever it runs now.
  await services.wishes.started(services.cluster.containers.resolve(record.id) ?? record);
  sendStatus(exchange.res, status);
}

/**
 * The container may yet move. An engine removes a `--rm` container that fails to start before it answers, which ends its streams and frees its
 * name, so both are held until it is settled where it runs.
 */
async function startMovable(
  services: Services,
  record: ContainerRecord,
  intent: CreateIntent,
  pathOn: PathOn,
): Promise<204 | 304> {
  const { cluster, streams } = services;
  const [name] = record.names;
  const releaseName = name === undefined ? () => undefined : cluster.holdName(name);
  const releaseStreams = streams.hold(record.id);
  try {
    return await startWhereItIs(services, record, pathOn);
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    await moveToAnotherEngine(services, { origin: record, intent, cause: error, pathOn });
    return 204;
  } finally {
    releaseStreams();
    releaseName();
  }
}

async function startWhereItIs(
  { intents }: Services,
  { engine, id }: ContainerRecord,
  pathOn: PathOn,
): Promise<204 | 304> {
  const { cache } = engine;
  const startedBefore = cache.inventory.containers.get(id)?.inspect.State.StartedAt;
  try {
    const status = await engine.client.startContainer(pathOn(engine, id));
    engine.noteSuccess();
    intents.delete(id);
    const engineTimeMs = Date.now() - engine.clockDeltaMs;
    if (!cache.told.started(id, startedBefore, engineTimeMs)) await cache.refreshContainer(id);
    return status;
  } catch (error) {
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    else await engine.cache.refreshContainer(id).catch(() => undefined);
    throw error;
  }
}
