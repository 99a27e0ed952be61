import type { ContainerRecord } from "../../cluster/container-record.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import { isMissing } from "../../docker/refusals.ts";
import { errorText } from "../../errors.ts";
import { messages } from "../../telemetry/messages.ts";
import { CALL_MS, WORK_MS, type Acting } from "./acting.ts";

/** How long a container has to stop unless it says so itself, seconds; as engines have it. */
const DEFAULT_STOP_S = 10;
/** A stop timeout beyond this is waited for no longer, seconds. */
const MAX_STOP_S = 600;

/**
 * Stops a container, giving it the time it was made with. The engine kills it then. One that does not run stays as it is: whether it runs is the
 * engine's to say, for a start may have been on its way.
 * @throws EngineResponseError, EngineUnreachableError, Error
 */
export async function stopCopy({ engine, id }: ContainerRecord, acting: Acting): Promise<void> {
  const what = `stopping container ${id} on ${engine.name}`;
  const { Config } = await acting.look(what, WORK_MS, () => engine.client.inspectContainer(id));
  const seconds = typeof Config.StopTimeout === "number" ? Config.StopTimeout : DEFAULT_STOP_S;
  const ms = Math.min(Math.max(seconds, 0), MAX_STOP_S) * 1_000 + WORK_MS;
  await acting.do(what, ms, (signal) =>
    engine.client
      .requestText({
        method: "POST",
        path: engine.versionedPath(undefined, `/containers/${id}/stop`),
        signal,
        patient: true,
      })
      .catch(unlessStopped),
  );
  await acting.look(what, WORK_MS, () => engine.cache.refreshContainer(id));
}

/** 304: it does not run. */
function unlessStopped(error: unknown): void {
  if (!(error instanceof EngineResponseError && error.status === 304)) throw error;
}

/**
 * Removes a container that does not run, and keeps its volumes unless told otherwise. One that is gone already, or about to be, is fine.
 * @throws EngineResponseError, EngineUnreachableError, Error
 */
export async function removeCopy(
  { engine, id }: ContainerRecord,
  { volumes }: { readonly volumes: boolean },
  acting: Acting,
): Promise<void> {
  try {
    await acting.do(`removing container ${id} on ${engine.name}`, WORK_MS, () =>
      engine.client.removeContainer(id, { force: false, volumes }),
    );
  } catch (error) {
    const isGoing =
      error instanceof EngineResponseError && /removal .* already in progress/i.test(error.message);
    if (!isMissing(error) && !isGoing) throw error;
  }
  engine.cache.dropContainer(id);
}

/** Removes a copy there is no more use for. If it never ran, its anonymous volumes are empty, and go along; what one that ran has written is not ours to delete. */
export async function discardCopy(copy: ContainerRecord, acting: Acting): Promise<void> {
  const { engine, id } = copy;
  let neverRan = false;
  try {
    // Asked of its engine: a start whose answer never came may have been done.
    const { State } = await acting.look(`looking at container ${id} on ${engine.name}`, CALL_MS, () =>
      engine.client.inspectContainer(id),
    );
    neverRan = State.Status === "created";
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await removeCopy(copy, { volumes: neverRan }, acting);
}

/** A copy that should go is still there. */
export class DuplicateStaysError extends Error {
  /** For the log. */
  readonly line: string;

  constructor({ id, engine }: ContainerRecord, cause: unknown) {
    const text = errorText(cause);
    super(text, { cause });
    this.name = "DuplicateStaysError";
    this.line = messages.duplicateNotRemoved(id, engine.name, text);
  }
}
