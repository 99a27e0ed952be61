import type { ContainerInspect, NetworkSummary, Unknown } from "../../docker/types.ts";
import { asRecord } from "./shape.ts";

/** Networks every engine has, and modes that are none: nothing to make anew elsewhere. */
const PREDEFINED: ReadonlySet<string> = new Set(["default", "bridge", "host", "none", "nat", "ingress"]);

/** Whether a network's name or a network mode means a network somebody made. */
export const isUserDefined = (mode: string): boolean =>
  mode !== "" && !PREDEFINED.has(mode) && !mode.startsWith("container:");

/**
 * The user-defined networks a container is in, by name, as endpoints for a create or a connect. Addresses and a MAC its engine chose are left out, and
 * so is the alias its engine makes of its ID; what its user chose stays.
 */
export function endpointsOf({ Id, NetworkSettings }: ContainerInspect): Readonly<Record<string, Unknown>> {
  const networks: Record<string, Unknown> = {};
  for (const [name, given] of Object.entries(NetworkSettings?.Networks ?? {})) {
    const endpoint = asRecord(given);
    if (isUserDefined(name) && endpoint !== undefined) networks[name] = endpointConfig(endpoint, Id);
  }
  return networks;
}

function endpointConfig(endpoint: Unknown, containerId: string): Unknown {
  const { IPAMConfig, Links, Aliases, DriverOpts, GwPriority } = endpoint;
  const addresses = asRecord(IPAMConfig) ?? {};
  const aliases = Array.isArray(Aliases)
    ? Aliases.filter((alias) => alias !== containerId && alias !== containerId.slice(0, 12))
    : [];
  return {
    ...(hasContent(addresses) ? { IPAMConfig: addresses } : {}),
    ...(Array.isArray(Links) && Links.length > 0 ? { Links } : {}),
    ...(aliases.length > 0 ? { Aliases: aliases } : {}),
    ...(hasContent(asRecord(DriverOpts) ?? {}) ? { DriverOpts } : {}),
    ...(typeof GwPriority === "number" && GwPriority !== 0 ? { GwPriority } : {}),
  };
}

const hasContent = (object: Unknown): boolean =>
  Object.values(object).some(
    (value) => value !== "" && value !== null && !(Array.isArray(value) && value.length === 0),
  );

/**
 * The networks among these that only one engine has, as it lists them, without what is not part of their definition: whoever is in them, and when
 * they were made.
 */
export function localNetworksOf(
  names: Iterable<string>,
  listed: readonly NetworkSummary[],
): readonly NetworkSummary[] {
  const wanted = new Set([...names].filter(isUserDefined));
  return listed
    .filter(({ Name, Scope }) => Scope === "local" && wanted.has(Name))
    .map(
      ({ Containers: _containers, Services: _services, Created: _created, Peers: _peers, ...network }) =>
        network,
    );
}
