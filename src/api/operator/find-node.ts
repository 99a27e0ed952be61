import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { conflict, notFound } from "../../errors.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";

/** More addresses than this are counted, not listed. */
const MAX_LISTED = 8;

/**
 * The node called this: by address or combined ID, else by name or engine ID. Pending ones are found too, but only where no member is called so: the
 * second address of a daemon has its name and ID.
 * @throws ApiError 404; 409 when several nodes are called so
 */
export function findNode(cluster: Cluster, text: string): Engine {
  const engines = [...cluster.engines];
  const exact = engines.find(({ addr, id }) => text === addr || (id !== "" && text === id));
  if (exact !== undefined) return exact;
  const called = engines.filter(({ name, engineId }) => text !== "" && (text === name || text === engineId));
  const members = called.filter(({ isMember }) => isMember);
  const [found, ...others] = members.length > 0 ? members : called;
  if (found === undefined) throw notFound(`No such node: ${text}`);
  if (others.length === 0) return found;
  const addresses = [found, ...others].map(({ addr }) => addr).sort(compareNatural);
  const more = addresses.length > MAX_LISTED ? ` and ${addresses.length - MAX_LISTED} more` : "";
  throw conflict(
    `several nodes are called ${text}: name one by its address (${addresses.slice(0, MAX_LISTED).join(", ")}${more})`,
  );
}
