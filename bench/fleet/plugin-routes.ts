import type { Route } from "./router.ts";

/** Plugins. */
export const pluginRoutes: readonly Route[] = [];
