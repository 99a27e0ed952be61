import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { Reservation } from "../../cluster/engine-candidate.ts";
import { EngineUnreachableError, type EngineResponseError } from "../../docker/engine-client.ts";
import { ApiError, errorText } from "../../errors.ts";
import { NoPrimaryError } from "../../replication/manager-role.ts";
import type { Services } from "../services.ts";
import { ImageSupply } from "./create-image.ts";
import type { CreateIntent } from "./create-intents.ts";
import { createOnEngine } from "./create-on-engine.ts";
import { bodyForEngine } from "./engine-body.ts";

export interface Move {
  /** The container as it was before its start failed; its engine may have removed it since. */
  readonly origin: ContainerRecord;
  readonly intent: CreateIntent;
  /** Why it could not start where it is. */
  readonly cause: EngineResponseError;
  readonly pathOn: (engine: Engine, containerId: string) => string;
}

/**
 * A container that never ran could not start where it is: make it anew on the next best engine, take the client's streams along, start it, and
 * remove the first one. The old ID goes on working as a reference. Tries engine after engine until one starts it. The caller holds
 * the container's name and streams, and sees to it that only one move is under way.
 * @throws the engine's first error, with what was tried, when no engine is left; then the container is where it was. NoPrimaryError
 */
export async function moveToAnotherEngine(services: Services, move: Move): Promise<void> {
  const { cluster, log } = services;
  const { origin, intent, cause } = move;
  const tried = new Set([origin.engine.id]);
  const failures: string[] = [];
  for (;;) {
    const request = { ...intent.request, excludedEngines: tried };
    const placed = cluster.place({ ...request, name: "" }, intent.swarmId, intent.body.Labels ?? {});
    if (placed.kind === "refused") {
      const elsewhere = failures.length === 0 ? "no other node fits the request" : failures.join("; ");
      throw new ApiError(cause.status, `${cause.message} (on ${origin.engine.name}; ${elsewhere})`, {
        cause,
      });
    }
    const { engine } = placed.reservation;
    tried.add(engine.id);
    const failure = await tryOn(services, move, placed.reservation);
    if (failure === undefined) {
      log.info(
        { container: origin.id, from: origin.engine.name, to: engine.name },
        "moved a container whose host port was taken",
      );
      return;
    }
    failures.push(`${engine.name}: ${failure}`);
  }
}

/** @returns why it did not work there; undefined when it runs */
async function tryOn(
  services: Services,
  { origin, intent, pathOn }: Move,
  reservation: Reservation,
): Promise<string | undefined> {
  const { cluster, intents, streams } = services;
  const { engine } = reservation;
  let newId: string | undefined;
  try {
    const replaces = [...origin.formerIds, origin.id];
    const body = bodyForEngine(cluster, engine, intent.body, intent.swarmId, replaces);
    const { signal } = new AbortController();
    const image = new ImageSupply(services, intent, signal, { here: true });
    const supply = image.bring.bind(image);
    // The first copy has the same swarm ID: nobody must take it for one that was lost.
    newId = (await createOnEngine(engine, { ...intent, body, signal, supply, orphaned: undefined })).Id;
    cluster.release(reservation);
    if (!(await streams.moveAll(origin.id, engine, newId)))
      throw new ApiError(500, "an attached stream could not follow");
    await engine.client.startContainer(pathOn(engine, newId));
    await engine.cache.refreshContainer(newId);
  } catch (error) {
    if (newId !== undefined) {
      await streams.moveAll(newId, origin.engine, origin.id);
      await remove(engine, newId);
    }
    if (error instanceof NoPrimaryError) throw error;
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    return errorText(error);
  } finally {
    cluster.release(reservation);
  }
  intents.delete(origin.id);
  await remove(origin.engine, origin.id);
  return undefined;
}

async function remove(engine: Engine, id: string): Promise<void> {
  try {
    if (!engine.cache.inventory.containers.has(id)) return;
    await engine.client.removeContainer(id, { force: true, volumes: true });
    engine.cache.dropContainer(id);
  } catch {
    // The event stream or the next sweep tells what became of it.
  }
}
