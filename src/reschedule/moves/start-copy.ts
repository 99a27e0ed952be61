import type { ContainerRecord } from "../../cluster/container-record.ts";
import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { isEndpointTaken } from "../../docker/refusals.ts";
import { CALL_MS, WORK_MS, type Acting } from "./acting.ts";

/**
 * Starts a container; one that runs already is fine.
 * @param release takes away what the old container left in networks, for one more try when the engine finds it there
 * @throws EngineResponseError, EngineUnreachableError, Error
 */
export async function startCopy(
  { engine, id }: ContainerRecord,
  acting: Acting,
  release: () => Promise<unknown>,
): Promise<void> {
  const start = (): Promise<unknown> =>
    acting.do(`starting container ${id} on ${engine.name}`, WORK_MS, () =>
      engine.client.startContainer(engine.versionedPath(undefined, `/containers/${id}/start`)),
    );
  try {
    await start().catch(async (error: unknown) => {
      if (!isEndpointTaken(error)) throw error;
      await release();
      return start();
    });
  } catch (error) {
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    else await engine.cache.refreshContainer(id).catch(() => undefined);
    throw error;
  }
  await acting.look(`reading container ${id} on ${engine.name}`, CALL_MS, () =>
    engine.cache.refreshContainer(id),
  );
}
