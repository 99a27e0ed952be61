import { archiveRoutes } from "./archive-routes.ts";
import { buildRoutes } from "./build-routes.ts";
import { containerRoutes } from "./container-routes.ts";
import { execRoutes } from "./exec-routes.ts";
import { imageRoutes } from "./image-routes.ts";
import { networkRoutes } from "./network-routes.ts";
import { pluginRoutes } from "./plugin-routes.ts";
import { Router } from "./router.ts";
import { streamRoutes } from "./stream-routes.ts";
import { systemRoutes } from "./system-routes.ts";
import { transferRoutes } from "./transfer-routes.ts";
import { volumeRoutes } from "./volume-routes.ts";

/** Every endpoint the simulated engine has. */
export const router = new Router([
  ...systemRoutes,
  ...containerRoutes,
  ...streamRoutes,
  ...archiveRoutes,
  ...execRoutes,
  ...transferRoutes,
  ...imageRoutes,
  ...networkRoutes,
  ...volumeRoutes,
  ...buildRoutes,
  ...pluginRoutes,
]);
