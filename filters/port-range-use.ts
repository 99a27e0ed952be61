import type { Candidate, PortBinding } from "../src/scheduler/types.ts";
import {
  addressesOverlap,
  parsePortRange,
  portTextOf,
  protocolOf,
  rangeHolds,
  rangeSize,
} from "./port-range.ts";
import type { PortRange } from "./port-range.ts";

/**
 * Are fewer than `needed` ports of the wanted range left on this engine? The engine picks one itself, so a range is refused only when
 * none is left (B4). A container or reservation that asked for a range and has no port of it yet takes one: we count it when its
 * range lies inside ours, else it may go elsewhere.
 */
export function rangeIsExhausted(
  candidate: Candidate,
  wanted: PortBinding,
  range: PortRange,
  needed: number,
  modern: boolean,
): boolean {
  const protocol = protocolOf(wanted.containerPort);
  const taken = new Set<number>();
  /** Requested but not yet assigned, by holder and container port; removed once an actual port is seen. */
  const promised = new Set<string>();
  const served = new Set<string>();
  for (const { hostIp, hostPort, containerPort, holder } of candidate.usedPorts) {
    if (!addressesOverlap(hostIp, wanted.hostIp)) continue;
    if (modern && protocolOf(containerPort) !== protocol) continue;
    const used = parsePortRange(hostPort);
    if (used === undefined || !rangeHolds(range, used)) continue;
    const claim = `${containerPort} ${holder}`;
    if (used.first === used.last) {
      taken.add(used.first);
      served.add(claim);
    } else {
      promised.add(claim);
    }
  }
  if (modern) {
    for (const { key } of candidate.hostModePorts) {
      const used = protocolOf(key) === protocol ? parsePortRange(portTextOf(key)) : undefined;
      if (used !== undefined && used.first === used.last && rangeHolds(range, used)) taken.add(used.first);
    }
  }
  let open = 0;
  for (const claim of promised) if (!served.has(claim)) open += 1;
  return rangeSize(range) - taken.size - open < needed;
}
