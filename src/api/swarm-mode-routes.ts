import { ApiError } from "../errors.ts";
import type { Route } from "./exchange.ts";

const nobodyLeads = (): never => {
  throw new ApiError(
    503,
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
};

/** Swarm mode is another product: its routes answer as an engine does that is in no swarm, so that clients print a sensible text. */
export const swarmModeRoutes: readonly Route[] = [
  "swarm",
  "nodes",
  "services",
  "tasks",
  "secrets",
  "configs",
].flatMap((tag) =>
  (["get", "post", "delete"] as const).flatMap((method): Route[] => [
    { method, path: `/${tag}`, handle: nobodyLeads },
    { method, path: `/${tag}/*rest`, handle: nobodyLeads },
  ]),
);
