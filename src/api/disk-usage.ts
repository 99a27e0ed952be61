import type { Exchange } from "./exchange.ts";
import { notYet } from "./not-yet.ts";
import type { Services } from "./services.ts";

/** `GET /system/df` (api.md §10.3). */
export function diskUsage(_services: Services, exchange: Exchange): void {
  notYet(exchange);
}
