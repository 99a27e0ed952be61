import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { isNetworkTaken, isPoolTaken } from "../../docker/refusals.ts";
import type { NetworkSummary, Unknown } from "../../docker/types.ts";
import type { WantedContainer } from "../wanted/wanted.ts";
import { CALL_MS, type Acting } from "./acting.ts";
import { networkOn } from "./networks.ts";

/** Making a network may take an engine a while, milliseconds. */
const NETWORK_MS = 30_000;

/**
 * Networks that only its engine had, that the container needs, and that no engine has where it may go.
 * @param excluded engines (`Engine.id`) where it may not go
 */
export function missingNetworks(
  cluster: Cluster,
  wanted: WantedContainer,
  excluded: ReadonlySet<string>,
): readonly NetworkSummary[] {
  const engines = [...cluster.healthy()].filter(({ id }) => !excluded.has(id));
  return wanted.localNetworks.filter(
    ({ Name }) => !engines.some((engine) => networkOn(engine, Name) !== undefined),
  );
}

/** The create body of a network like this one. */
function networkBody(network: NetworkSummary): Unknown {
  const { Name, Driver, Options, Labels, IPAM, Internal, Attachable, EnableIPv6, EnableIPv4 } = network;
  return {
    Name,
    CheckDuplicate: true,
    Driver,
    Options,
    Labels,
    IPAM,
    Internal,
    Attachable,
    EnableIPv6,
    ...(EnableIPv4 === undefined ? {} : { EnableIPv4 }),
  };
}

/**
 * Makes networks on the engine where the container goes, unless they are there. Addresses that are in use on that machine are chosen anew, but not
 * those of a network in which the container has a fixed one.
 * @throws EngineResponseError, EngineUnreachableError
 */
export async function makeNetworks(
  engine: Engine,
  networks: readonly NetworkSummary[],
  wanted: WantedContainer,
  acting: Acting,
): Promise<void> {
  for (const network of networks) {
    if (networkOn(engine, network.Name) !== undefined) continue;
    const body = networkBody(network);
    try {
      await make(engine, body, acting);
    } catch (error) {
      if (isNetworkTaken(error)) continue;
      if (!isPoolTaken(error) || hasFixedAddress(wanted, network.Name)) throw error;
      const { IPAM: _taken, ...elsewhere } = body;
      await make(engine, elsewhere, acting);
    }
  }
  await acting.look(`reading the networks of ${engine.name}`, CALL_MS, () => engine.cache.refreshNetworks());
}

function make(engine: Engine, body: Unknown, acting: Acting): Promise<unknown> {
  return acting.do(`making a network on ${engine.name}`, NETWORK_MS, (signal) =>
    engine.client.request({
      method: "POST",
      path: engine.versionedPath(undefined, "/networks/create"),
      body,
      signal,
    }),
  );
}

function hasFixedAddress({ networks }: WantedContainer, name: string): boolean {
  const config = networks?.[name]?.IPAMConfig;
  return typeof config === "object" && config !== null && Object.keys(config).length > 0;
}
