import type { ContainerSummary, WirePortBinding, WirePortMap } from "../../docker/types.ts";

type ListedPorts = ContainerSummary["Ports"];

const everyAddress = (ip: string | undefined): boolean => ip === "0.0.0.0" || ip === "::";

/**
 * The ports of a list entry as a client far away can use them: "every address" becomes the engine's, and the two lines of an IPv4 and IPv6 publishing,
 * now equal, become one (api.md §7.1, A7).
 */
export function listedPorts(ports: ListedPorts, nodeIp: string): ListedPorts {
  if (ports === null) return null;
  const seen = new Set<string>();
  return ports
    .map((port) => (everyAddress(port.IP) ? { ...port, IP: nodeIp } : port))
    .filter((port) => {
      const key = `${port.IP ?? ""} ${port.PublicPort ?? ""} ${port.PrivatePort} ${port.Type}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/**
 * The port bindings of an inspect answer, the engine's address in place of "every address" (api.md §7.2). Those for IPv4 and IPv6, now equal,
 * become one; with host ports of their own they stay two.
 */
export function inspectedPorts(ports: WirePortMap, nodeIp: string): WirePortMap {
  return Object.fromEntries(
    Object.entries(ports).map(([port, bindings]) => [
      port,
      bindings === null ? null : reachable(bindings, nodeIp),
    ]),
  );
}

function reachable(bindings: readonly WirePortBinding[], nodeIp: string): WirePortBinding[] {
  const seen = new Set<string>();
  return bindings
    .map((binding) =>
      binding.HostIp === undefined || binding.HostIp === "" || everyAddress(binding.HostIp)
        ? { ...binding, HostIp: nodeIp }
        : binding,
    )
    .filter(({ HostIp, HostPort }) => {
      const key = `${HostIp ?? ""} ${HostPort ?? ""}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}
