import type { Route } from "../exchange.ts";
import type { Services } from "../services.ts";
import { leader } from "./leader.ts";
import { inspectNode, listNodes, updateNode } from "./nodes.ts";
import { rebalanceRoutes } from "./rebalance.ts";
import { listReschedules, retryReschedule } from "./reschedules.ts";

/** The manager's own endpoints (docs/operator-api.md). */
// prettier-ignore
export function operatorRoutes(services: Services): readonly Route[] {
  return [
    { method: "get",  path: "/cluster/leader",                handle: (x) => leader(services, x) },
    { method: "get",  path: "/cluster/nodes",                 handle: (x) => listNodes(services, x) },
    { method: "get",  path: "/cluster/nodes/:node",           handle: (x) => inspectNode(services, x) },
    { method: "post", path: "/cluster/nodes/:node/update",    handle: (x) => updateNode(services, x) },
    { method: "get",  path: "/cluster/reschedules",           handle: (x) => listReschedules(services, x) },
    { method: "post", path: "/cluster/reschedules/:id/retry", handle: (x) => retryReschedule(services, x) },
    ...rebalanceRoutes(services),
  ];
}
