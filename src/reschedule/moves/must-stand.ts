import type { ContainerRecord } from "../../cluster/container-record.ts";
import { CALL_MS, type Acting } from "./acting.ts";

/**
 * A copy for whose sake another one goes must be there, on a healthy engine, and run, unless it may rest. Asked of its engine: our picture may be old.
 * @param mayRest asked once the engine has answered
 * @throws Error
 */
export async function mustStand(
  { engine, id }: ContainerRecord,
  mayRest: () => boolean,
  acting: Acting,
): Promise<void> {
  const where = `container ${id} on ${engine.name}`;
  if (!engine.isHealthy) throw new Error(`${where} is out of reach`);
  const { State } = await acting.look(`looking at ${where}`, CALL_MS, () =>
    engine.client.inspectContainer(id),
  );
  if (!State.Running && !mayRest()) throw new Error(`${where} does not run`);
}
