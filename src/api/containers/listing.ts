import { setImmediate as nextTurn } from "node:timers/promises";
import { keptPerCluster } from "../kept-per-cluster.ts";
import { ContainerListing } from "../views/listing/container-listing.ts";

/** Others get their turn after this much of getting ready, milliseconds. */
const TURN_MS = 10;

/** The cluster's containers as lists show them. */
export const containerListing = keptPerCluster(({ containers }) => new ContainerListing(containers));

/** Gets a long list ready in several turns, so that thousands of containers that nobody listed lately keep nobody else waiting. */
export async function prepareListing(listing: ContainerListing): Promise<void> {
  let at: number | undefined = 0;
  for (;;) {
    const until = performance.now() + TURN_MS;
    at = listing.prepare(at, Date.now(), () => performance.now() < until);
    if (at === undefined) return;
    await nextTurn();
  }
}
