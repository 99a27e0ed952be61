/** A certificate to show and the authorities to trust, as PEM. */
export interface StoreTls {
  /** Trusted besides the authorities the program comes with. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** How to reach the servers of a store. */
export interface Connection {
  /** `host:port` each. */
  readonly endpoints: readonly [string, ...string[]];
  /** For messages: `consul://10.0.0.5:8500`. */
  readonly name: string;
  readonly tls?: StoreTls;
  /** Where the store knows users: etcd, ZooKeeper (digest), Consul behind a proxy (basic). */
  readonly login?: { readonly user: string; readonly password: string };
  /** Consul's ACL token. */
  readonly token?: string;
}

/** `10.0.0.5:8500` or `[::1]:8500` in its two parts, the host without brackets. */
export function splitEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const colon = endpoint.lastIndexOf(":");
  const host = endpoint.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(endpoint.slice(colon + 1)) };
}
