import { RESCHEDULED_FROM_LABEL } from "../../cluster/container-record.ts";
import type { ContainerCreateBody, HostConfig, Unknown } from "../../docker/types.ts";
import { asRecord } from "../wanted/shape.ts";
import type { WantedContainer } from "../wanted/wanted.ts";

export interface NewBodyFacts {
  /** Networks by name in which its old endpoint may still hold its address: the new one gets another. */
  readonly addressesLost: ReadonlySet<string>;
  /** Whether a reference means a container that is there. */
  readonly resolves: (reference: string) => boolean;
}

/**
 * The create body of the new copy: the wanted one without what belonged to the old container (its ID as hostname and alias, its MAC addresses, links to
 * containers that are gone), in the networks it was in last, and marked with where it comes from.
 * @see node-lifecycle.md §8 «Hostname, MAC, links»
 */
export function newBody(wanted: WantedContainer, facts: NewBodyFacts): ContainerCreateBody {
  const {
    Hostname,
    MacAddress: _mac,
    HostConfig: host,
    NetworkingConfig: networking,
    ...rest
  } = wanted.create.body;
  const oldIds = [wanted.last.containerId, ...wanted.formerIds].map((id) => id.slice(0, SHORT));
  const endpoints = newEndpoints(wanted, oldIds, facts);
  return {
    ...rest,
    ...(Hostname === undefined || (typeof Hostname === "string" && oldIds.includes(Hostname))
      ? {}
      : { Hostname }),
    HostConfig: newHostConfig(host ?? {}, wanted, facts),
    ...(endpoints === undefined ? {} : { NetworkingConfig: { ...networking, EndpointsConfig: endpoints } }),
    Labels: { ...rest.Labels, [RESCHEDULED_FROM_LABEL]: wanted.last.containerId },
  };
}

/** Characters of a short ID. */
const SHORT = 12;

type Endpoints = Readonly<Record<string, Unknown>>;

/** The endpoints by the names engines know the networks by. Undefined: nothing is known but the network mode. */
function newEndpoints(
  { networks, create }: WantedContainer,
  oldIds: readonly string[],
  facts: NewBodyFacts,
): Endpoints | undefined {
  const given = networks ?? create.body.NetworkingConfig?.EndpointsConfig;
  if (given === undefined || given === null) return undefined;
  return Object.fromEntries(
    Object.entries(given).map(([name, endpoint]) => [
      name,
      newEndpoint(asRecord(endpoint) ?? {}, oldIds, facts, facts.addressesLost.has(name)),
    ]),
  );
}

function newEndpoint(
  { MacAddress: _mac, IPAMConfig, Aliases, Links, ...rest }: Unknown,
  oldIds: readonly string[],
  { resolves }: NewBodyFacts,
  addressLost: boolean,
): Unknown {
  const aliases = listOf(Aliases).filter((alias) => !oldIds.includes(String(alias)));
  const links = newLinks(listOf(Links), resolves);
  return {
    ...rest,
    ...(aliases.length === 0 ? {} : { Aliases: aliases }),
    ...(links.length === 0 ? {} : { Links: links }),
    ...(addressLost || asRecord(IPAMConfig) === undefined ? {} : { IPAMConfig }),
  };
}

function newHostConfig(
  host: HostConfig,
  { networks, create }: WantedContainer,
  { resolves }: NewBodyFacts,
): HostConfig {
  const { Links } = host;
  const madeIn = Object.keys(create.body.NetworkingConfig?.EndpointsConfig ?? {});
  const mode = networkMode(host.NetworkMode ?? "", madeIn, networks && Object.keys(networks));
  return {
    ...host,
    ...(mode === "" ? {} : { NetworkMode: mode }),
    ...(Array.isArray(Links) ? { Links: newLinks(Links, resolves) } : {}),
  };
}

/** What no network is connected to, or disconnected from, later. */
const isFixed = (mode: string): boolean =>
  mode === "host" || mode === "none" || mode.startsWith("container:");

const isBridge = (mode: string): boolean => mode === "" || mode === "default" || mode === "bridge";

/**
 * The network the container is made in: the one it was made in, without the node it was called by, as long as it is still in it; else the first of the others. A
 * container that left the network somebody made for it, and is in no other, is made without one.
 * @param madeIn the endpoints of its create body. Without a network mode, they are where it was made, and not the bridge
 * @param now the user-defined networks it is in; undefined: not known
 */
function networkMode(mode: string, madeIn: readonly string[], now: readonly string[] | undefined): string {
  if (isFixed(mode)) return mode;
  const [first] = madeIn;
  const own = isBridge(mode) && first !== undefined && !madeIn.some(isBridge) ? first : mode;
  if (isBridge(own) || now === undefined) return own;
  const bare = own.slice(own.indexOf("/") + 1);
  return now.find((name) => name === own || name === bare) ?? now[0] ?? "none";
}

/** As a client writes them: engines show `/db:/web/alias`. One to an ID that nobody has any more would keep the container from starting. */
function newLinks(links: readonly unknown[], resolves: (reference: string) => boolean): string[] {
  return links.flatMap((link) => {
    if (typeof link !== "string") return [];
    const [target = "", alias] = link.split(":");
    const reference = target.replace(/^\//, "");
    if (/^[0-9a-f]{12,64}$/.test(reference) && !resolves(reference)) return [];
    return [alias === undefined ? reference : `${reference}:${alias.slice(alias.lastIndexOf("/") + 1)}`];
  });
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
