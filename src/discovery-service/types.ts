import type { TlsIdentity } from "../tls/identity.ts";

/** An address to listen on. An empty host is every address, port 0 a free one. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  /** As written, for logs. */
  readonly addr: string;
}

/** How much the service takes, so that nobody can fill it. */
export interface Limits {
  readonly maxClusters: number;
  /** In one cluster. */
  readonly maxEntries: number;
  /** In all clusters together. */
  readonly maxTotalEntries: number;
  /** Longest life an agent may ask for, seconds. */
  readonly maxTtlSeconds: number;
  /** A cluster without any entry is dropped after this, milliseconds. */
  readonly keepEmptyMs: number;
}

/** How much one client address may ask in a minute; 0: as much as it likes. */
export interface Rates {
  readonly create: number;
  /** Registrations and deletions. */
  readonly register: number;
  readonly read: number;
}

/** The configuration of `swarm discovery-service`. */
export interface ServiceConfig {
  readonly hosts: readonly TcpAddress[];
  readonly dataDir: string;
  readonly tls: TlsIdentity | undefined;
  readonly limits: Limits;
  readonly rates: Rates;
  /** Reverse proxies in front whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: number;
  /** Of one listener at a time. */
  readonly maxConnections: number;
}

/** Time, as the service sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds that only grow: for lives of entries, which a corrected calendar must not end. */
  readonly elapsedMs: () => number;
  /** Milliseconds since 1970: for what outlives the process. */
  readonly dateMs: () => number;
  /** Calls back once after `ms`, and does not keep the process alive; the answer cancels. */
  readonly after: (ms: number, call: () => void) => () => void;
}

/** A cluster as the disk has it. */
export interface SavedCluster {
  readonly token: string;
  /** Since when it has no entry, milliseconds since 1970; null: it has some. */
  readonly emptySince: number | null;
  /** Address → life in milliseconds, counted from when the service starts. */
  readonly entries: Readonly<Record<string, number>>;
}
