import type { Exchange } from "../exchange.ts";
import { notYet } from "../not-yet.ts";
import type { Services } from "../services.ts";

export function remove(_services: Services, exchange: Exchange): void {
  notYet(exchange);
}
