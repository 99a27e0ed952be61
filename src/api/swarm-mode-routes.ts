import { ApiError } from "../errors.ts";
import type { Handler, Route } from "./exchange.ts";

const refuse = (text: string): Handler => {
  return () => {
    throw new ApiError(503, text);
  };
};

/** An engine's own words. Its advice is of no use here, but clients and scripts know the text. */
const nobodyLeads = refuse(
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
);
/** To who followed that advice. */
const cannotLead = refuse(
  "This node is not a swarm manager and cannot become one: it is one API over many standalone engines. For swarm mode ask an engine itself.",
);
const inNoSwarm = refuse("This node is not part of a swarm");

/** Swarm mode is another product: its routes answer as an engine does that is in no swarm, so that clients print a sensible text. */
// prettier-ignore
export const swarmModeRoutes: readonly Route[] = [
  { method: "post", path: "/swarm/init",   handle: cannotLead }, // SwarmInit
  { method: "post", path: "/swarm/join",   handle: cannotLead }, // SwarmJoin
  { method: "post", path: "/swarm/unlock", handle: inNoSwarm },  // SwarmUnlock
  { method: "post", path: "/swarm/leave",  handle: inNoSwarm },  // SwarmLeave
  ...["swarm", "nodes", "services", "tasks", "secrets", "configs"].flatMap((tag) =>
    (["get", "post", "delete"] as const).flatMap((method): Route[] => [
      { method, path: `/${tag}`,       handle: nobodyLeads },
      { method, path: `/${tag}/*rest`, handle: nobodyLeads },
    ]),
  ),
];
