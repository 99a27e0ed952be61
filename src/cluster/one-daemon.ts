import type { EngineClient } from "../docker/engine-client.ts";
import type { NetworkSummary } from "../docker/types.ts";

/**
 * Two addresses report one engine ID: one daemon reached by two ways, or two machines of which one was cloned from the other? Told
 * apart by facts, because a wrong "two" counts every container twice and may cost them (spec: node-lifecycle.md §7.3).
 */
export type Sameness =
  /** One daemon. */
  | "same"
  /** Two machines, both usable. */
  | "clone"
  /** Two machines that hold containers of one ID (a cloned data directory): references would be ambiguous. */
  | "clone-with-shared-containers"
  /** The facts do not tell. */
  | "unknown";

export interface Side {
  readonly client: EngineClient;
  /** IDs of its containers. */
  readonly containerIds: ReadonlySet<string>;
}

/**
 * Asks both sides, without changing anything on either. A daemon makes its default network's ID anew whenever it starts, so two daemons never
 * share it, and one daemon shows the same one at both addresses. The first side is asked before and after the second: had it
 * restarted in between, the answers would not compare.
 */
export async function compareDaemons(first: Side, second: Side): Promise<Sameness> {
  const before = defaultNetworkId(await first.client.listNetworks());
  const other = defaultNetworkId(await second.client.listNetworks());
  const after = defaultNetworkId(await first.client.listNetworks());
  if (before === undefined || other === undefined || before !== after) return "unknown";
  if (before === other) return "same";
  for (const id of first.containerIds) if (second.containerIds.has(id)) return "clone-with-shared-containers";
  return "clone";
}

/** The ID of the network every daemon makes for itself: `bridge` on Linux, `nat` on Windows. */
function defaultNetworkId(networks: readonly NetworkSummary[]): string | undefined {
  return networks.find(({ Name }) => Name === "bridge" || Name === "nat")?.Id;
}
