import type { Route } from "./router.ts";

/** Builds. */
export const buildRoutes: readonly Route[] = [];
