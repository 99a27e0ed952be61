import type { EngineTarget } from "../docker/engine-target.ts";
import { ApiError } from "../errors.ts";

/** 500 for a forwarded request whose engine could not be reached, or was lost before it answered: which node, where, and why. */
export const engineLost = ({ name, addr }: Pick<EngineTarget, "name" | "addr">, error: Error): ApiError =>
  new ApiError(500, `Cannot reach node ${name} at ${addr}: ${error.message}`, { cause: error });
