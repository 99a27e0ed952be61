/** What a discovery backend is: something that knows a set of engine addresses and tells when it changes. */

/** One engine address. */
export interface EngineAddress {
  /** What to dial, without brackets: `10.0.0.1`, `::1`, `node-1`. An entry without a host (`:2375`) means `127.0.0.1`. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** As written, IPv6 in brackets: `10.0.0.1:2375`, `[::1]:2375`. The identity of the entry: sets are compared by it. */
  readonly address: string;
}

/** What `watch` yields. */
export type DiscoveryUpdate =
  | {
      readonly kind: "entries";
      /** The whole set, not a difference: no duplicates, in the order of the source. */
      readonly addresses: readonly EngineAddress[];
      /** What an operator should correct, one text each (a malformed line, an empty file). Usually empty. */
      readonly warnings: readonly string[];
    }
  | {
      /** The source could not be read. The last set stays in force, and the backend keeps trying. */
      readonly kind: "error";
      readonly error: Error;
    };

/** A source of engine addresses (spec: discovery.md). */
export interface Discovery extends AsyncDisposable {
  /** For logs: scheme and place, never a credential. */
  readonly description: string;
  /** For the log at level info when a command opens it: `Initializing discovery without TLS`. Usually empty. */
  readonly notices: readonly string[];
  /**
   * Whether entries keep themselves alive, so that all of them may vanish because of the source and not because of the engines. Lists that
   * people edit mean what they say.
   */
  readonly isKeptAlive: boolean;
  /**
   * Yields the current set (or an error) at once, then again whenever it changes. Never throws; ends when `signal` aborts,
   * and only then. Each call is independent.
   */
  watch(signal: AbortSignal): AsyncIterable<DiscoveryUpdate>;
  /** How agents keep entries alive here; undefined: people edit this source. */
  readonly registrar: Registrar | undefined;
}

/** Writes entries into a discovery source, as `swarm join` does. */
export interface Registrar {
  /** Writes the entry, or writes it again: it lives this much longer. Rejects when the source did not take it. */
  register(address: string, ttlMs: number, signal: AbortSignal): Promise<void>;
  /** Takes the entry away. Rejects when the source did not hear of it: the entry then ends with its TTL. */
  deregister(address: string, signal: AbortSignal): Promise<void>;
  /**
   * Resolves when the source says that the entry, registered before, is gone or holds something else: register it again. Never rejects;
   * resolves when the signal aborts, too. Sources that cannot tell resolve only then.
   */
  lost(address: string, signal: AbortSignal): Promise<void>;
}

/** What every backend is told. */
export interface DiscoverySettings {
  /** `--heartbeat`: how often a source without notifications is read again. */
  readonly heartbeatMs: number;
  /** `--discovery-opt`, see docs/discovery.md. */
  readonly options: Readonly<Record<string, string>>;
  /** Credentials and defaults of backends: `CONSUL_HTTP_TOKEN`, `SWARM_DISCOVERY_SERVICE`, `SSL_CERT_FILE`, … */
  readonly env: Readonly<Record<string, string | undefined>>;
}
