import { createFileDiscovery } from "./file.ts";
import { createKvDiscovery } from "./kv.ts";
import { createNodesDiscovery } from "./nodes.ts";
import { createTokenDiscovery } from "./token.ts";
import type { Discovery, DiscoverySettings } from "./types.ts";
import { splitDiscoveryUri } from "./uri.ts";

type Backend = (place: string, settings: DiscoverySettings) => Discovery;

/** Scheme → backend. A new backend is one file and one line here. */
const backends: Readonly<Record<string, Backend>> = {
  nodes: (list) => createNodesDiscovery(list),
  file: (path, settings) => createFileDiscovery(path, settings),
  token: (place, settings) => createTokenDiscovery(place, settings),
  consul: (place, settings) => createKvDiscovery("consul", place, settings),
  etcd: (place, settings) => createKvDiscovery("etcd", place, settings),
  zk: (place, settings) => createKvDiscovery("zk", place, settings),
};

/**
 * Makes the backend a URI asks for. Reads the files that options name, and connects to nothing yet: `watch` does.
 * @throws Error with the contract's text for an unknown scheme, a malformed place, a file that cannot be used (spec: discovery.md §1)
 */
export function createDiscovery(uri: string, settings: DiscoverySettings): Discovery {
  const { scheme, place } = splitDiscoveryUri(uri);
  const backend = Object.hasOwn(backends, scheme) ? backends[scheme] : undefined;
  if (!backend) throw new Error("discovery service not supported");
  return backend(place, settings);
}
