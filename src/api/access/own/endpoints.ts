import type { ContainerRecord } from "../../../cluster/container-record.ts";
import { plainText } from "../plain-text.ts";
import type { Belongings } from "./belongings.ts";
import { anything, denied, fields, nothing, objectAt, textAt, type Check } from "./checks.ts";

/** Networks every engine has and every container may be in. */
const COMMON: ReadonlySet<string> = new Set(["", "default", "bridge", "none"]);
/** Networks whose names always mean the same. */
const PREDEFINED: ReadonlySet<string> = new Set([...COMMON, "host"]);

/** How a container is in a network; what an engine answers there, and clients send back, is left out. */
export const endpoint: Check = (value, at) =>
  fields({
    IPAMConfig: anything,
    Aliases: anything,
    MacAddress: anything,
    GwPriority: anything,
    Links: nothing,
    DriverOpts: nothing,
    NetworkID: nothing,
    EndpointID: nothing,
    Gateway: nothing,
    IPAddress: nothing,
    IPPrefixLen: nothing,
    IPv6Gateway: nothing,
    GlobalIPv6Address: nothing,
    GlobalIPv6PrefixLen: nothing,
    DNSNames: nothing,
  })(value, at) ?? {};

/** `EndpointsConfig`: each key is a network everybody may be in, or one of the owner's. */
export const endpoints =
  (own: Belongings): Check =>
  (value, at) => {
    if (value === undefined || value === null) return undefined;
    const given = Object.entries(objectAt(value, at));
    for (const [name] of given) requireNetwork(own, name, at);
    return Object.fromEntries(given.map(([name, settings]) => [name, endpoint(settings, at)]));
  };

/** `NetworkMode`: such a network, or that of another container of the owner's. */
export const networkMode =
  (own: Belongings): Check =>
  (value, at) => {
    const mode = textAt(value, at);
    const other = containerMode(own, mode);
    if (other !== undefined) return other;
    requireNetwork(own, mode, at);
    return mode;
  };

/** A namespace of the container's own, or of another container of the owner's. */
export const namespaceMode =
  (own: Belongings, ...allowed: readonly string[]): Check =>
  (value, at) => {
    const mode = textAt(value, at);
    const other = containerMode(own, mode);
    if (other !== undefined) return other;
    if (mode !== "" && !allowed.includes(mode)) throw denied(`set ${at} to ${plainText(mode)}`);
    return mode;
  };

/** Under its whole ID, which means nothing else anywhere. */
function containerMode(own: Belongings, mode: string): string | undefined {
  const prefix = "container:";
  return mode.startsWith(prefix) ? prefix + own.shared(mode.slice(prefix.length)) : undefined;
}

function requireNetwork(own: Belongings, name: string, at: string): void {
  if (!COMMON.has(name) && !own.isNetworkOnly(name))
    throw denied(`set ${at} to ${plainText(name)}, which is no network of its own: create one first`);
}

/**
 * An engine looks the networks of a container up by their names when it starts, and somebody else may have taken the name of one that is gone. What
 * the container was in before, it may be in again.
 * @throws ApiError 403
 */
export function requireNetworks(own: Belongings, { summary }: ContainerRecord): void {
  for (const [name, { NetworkID }] of Object.entries(summary.NetworkSettings?.Networks ?? {})) {
    if (!PREDEFINED.has(name) && !own.isNetworkOnly(name) && !own.isNetwork(name, NetworkID ?? ""))
      throw denied(`start in network ${plainText(name)}, which is no network of its own`);
  }
}
