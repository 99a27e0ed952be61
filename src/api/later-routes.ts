import { ApiError, notFound } from "../errors.ts";
import type { Exchange, Route } from "./exchange.ts";

/** A route of Docker's that this version does not serve. */
export const notYet = ({ req }: Exchange): never => {
  const path = (req.url ?? "").split("?", 1)[0] ?? "";
  throw new ApiError(
    501,
    `${req.method ?? ""} ${path} is not available yet through this manager: send it to an engine directly, docs/api.md says which endpoints work`,
  );
};

const nobodyLeads = (): never => {
  throw new ApiError(
    503,
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
};

/** Docker's endpoints that this version knows and does not serve; they say so by name instead of looking like a typing error. */
// prettier-ignore
export const laterRoutes: readonly Route[] = [
  ...["/images/create", "/images/load", "/images/prune", "/images/*name/push", "/images/*name/tag", "/build", "/build/prune", "/build/cancel", "/session", "/grpc", "/auth",
    "/networks/create", "/networks/prune", "/networks/*name/connect", "/networks/*name/disconnect", "/volumes/create", "/volumes/prune",
    "/containers/*name/checkpoints", "/plugins/pull", "/plugins/create", "/plugins/*name"]
    .map((path): Route => ({ method: "post", path, handle: notYet })),
  ...["/images/search", "/images/get", "/images/*name/get", "/distribution/*name/json", "/system/df", "/plugins", "/plugins/privileges",
    "/containers/*name/checkpoints"]
    .map((path): Route => ({ method: "get", path, handle: notYet })),
  ...["/images/*name", "/networks/*name", "/volumes/*name", "/plugins/*name"]
    .map((path): Route => ({ method: "delete", path, handle: notYet })),
  // `docker inspect X` asks for a plugin too, and goes on only after a 404.
  { method: "get", path: "/plugins/*name/json", handle: (x) => { throw notFound(`plugin "${x.param("name")}" not found`); } },
  { method: "put", path: "/volumes/*name", handle: () => { throw new ApiError(503, "volume update only valid for cluster volumes, but swarm is unavailable"); } },
  { method: "get", path: "/images/viz", handle: () => { throw new ApiError(501, "Not supported in clustering mode."); } },
  ...["swarm", "nodes", "services", "tasks", "secrets", "configs"].flatMap((tag) =>
    (["get", "post", "delete"] as const).flatMap((method): Route[] => [
      { method, path: `/${tag}`, handle: nobodyLeads },
      { method, path: `/${tag}/*rest`, handle: nobodyLeads },
    ])),
];
