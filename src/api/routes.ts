import { buildRoutes } from "./build/routes.ts";
import { containerRoutes } from "./containers/routes.ts";
import type { Route } from "./exchange.ts";
import { execRoutes } from "./exec-routes.ts";
import { imageRoutes } from "./images/routes.ts";
import { networkRoutes } from "./networks/routes.ts";
import { operatorRoutes } from "./operator/routes.ts";
import { pluginRoutes } from "./plugins/routes.ts";
import { registryRoutes } from "./registry/routes.ts";
import type { Services } from "./services.ts";
import { swarmModeRoutes } from "./swarm-mode-routes.ts";
import { systemRoutes } from "./system-routes.ts";
import { volumeRoutes } from "./volumes/routes.ts";

/** Every endpoint the manager has; of two that match, the first one answers. */
export function apiRoutes(services: Services): readonly Route[] {
  return [
    ...systemRoutes(services),
    ...execRoutes(services),
    ...containerRoutes(services),
    ...registryRoutes(services),
    ...imageRoutes(services),
    ...networkRoutes(services),
    ...volumeRoutes(services),
    ...buildRoutes(services),
    ...pluginRoutes(services),
    ...operatorRoutes(services),
    ...swarmModeRoutes,
  ];
}
