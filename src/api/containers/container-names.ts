import type { ContainerRecord } from "../../cluster/container-record.ts";
import { conflict, type ApiError } from "../../errors.ts";
import type { Services } from "../services.ts";

/**
 * A container may have this name if none in the cluster has it, none is getting it, and none that its node took along is to come back by it.
 * @param taker the container that exists already, or the swarm ID of one that is to be made
 * @throws ApiError 409
 */
export function mustBeFree(
  { cluster, absent }: Services,
  name: string,
  taker: ContainerRecord | string,
): void {
  if (name === "") return;
  const isNew = typeof taker === "string";
  if (cluster.nameTaken(name, isNew ? undefined : taker)) throw nameConflict(name);
  if (absent.holderOf(name, isNew ? taker : taker.swarmId) === undefined) return;
  const { message } = nameConflict(name);
  // Whose it is, and where it was, is not for everybody who asks for the name.
  const why = `Its node is away: swarm reschedule ls shows what becomes of it, docker rm -f ${name} gives it up.`;
  throw conflict(`${message} ${why}`);
}

/** The 409 of a name that is in use anywhere in the cluster; clients match its text. */
const nameConflict = (name: string): ApiError =>
  conflict(
    `Conflict: The name ${name} is already assigned. You have to delete (or rename) that container to be able to assign ${name} to a container again.`,
  );
