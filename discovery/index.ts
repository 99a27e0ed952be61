import { createFileDiscovery } from "./file.ts";
import { createNodesDiscovery } from "./nodes.ts";
import type { Discovery, DiscoverySettings } from "./types.ts";

type Backend = (place: string, settings: DiscoverySettings) => Discovery;

/** Scheme → backend. A new backend is one file and one line here. */
const backends: Readonly<Record<string, Backend>> = {
  nodes: (list) => createNodesDiscovery(list),
  file: (path, settings) => createFileDiscovery(path, settings),
};

/** Known, but of a later release. */
const planned: readonly string[] = ["token", "consul", "etcd", "zk"];

/** The two halves of a discovery URI; a text without `://` is a bare list of nodes. Schemes are case-sensitive. */
export function splitDiscoveryUri(uri: string): { readonly scheme: string; readonly place: string } {
  const at = uri.indexOf("://");
  return at < 0 ? { scheme: "nodes", place: uri } : { scheme: uri.slice(0, at), place: uri.slice(at + 3) };
}

/**
 * Makes the backend a URI asks for. Opens nothing yet: `watch` does.
 * @throws Error with the contract's text for an unknown scheme or a malformed list (spec: discovery.md §1)
 */
export function createDiscovery(uri: string, settings: DiscoverySettings): Discovery {
  const { scheme, place } = splitDiscoveryUri(uri);
  if (planned.includes(scheme)) {
    throw new Error(`discovery service not available yet: ${scheme}:// (use nodes:// or file:// for now)`);
  }
  const backend = Object.hasOwn(backends, scheme) ? backends[scheme] : undefined;
  if (!backend) throw new Error("discovery service not supported");
  return backend(place, settings);
}
