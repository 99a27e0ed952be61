import type { Home } from "../../lab/stores/store-server.ts";
import { lab } from "../support/fixtures.ts";

/** Where the stores of the live tests live: with the engines, so that they end with them. */
export function storeHome(): Home {
  return lab();
}
