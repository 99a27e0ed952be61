import { ApiError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";

/** A route of Docker's that this version does not serve. */
export const notYet = ({ req }: Exchange): never => {
  const path = (req.url ?? "").split("?", 1)[0] ?? "";
  throw new ApiError(
    501,
    `${req.method ?? ""} ${path} is not available yet through this manager: send it to an engine directly, docs/api.md says which endpoints work`,
  );
};
