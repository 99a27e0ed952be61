import { isLoopback } from "../../discovery/token-place.ts";
import type { Logger } from "../telemetry/logger.ts";
import { DataDirectory } from "./data-directory.ts";
import { createServiceApp } from "./http-app.ts";
import { ServiceListener } from "./listener.ts";
import { createRateLimits } from "./rate-limits.ts";
import { Registry } from "./registry.ts";
import { Saver } from "./saver.ts";
import { systemClock } from "./system-clock.ts";
import type { Clock, ServiceConfig, TcpAddress } from "./types.ts";

/** A running token service. */
export interface DiscoveryService extends AsyncDisposable {
  /** In the order of the addresses asked for. */
  readonly ports: readonly number[];
  /** False while the disk refuses; what clients say is taken all the same. */
  readonly isSaved: boolean;
  /** Rejects on a fatal listener error. */
  readonly failed: Promise<never>;
  /** Reads the certificates again. What cannot be used is logged and changes nothing. */
  reload(): void;
}

/** What the service gets from outside. */
export interface ServiceWorld {
  readonly log: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** For lines about TLS handshakes that failed. Default: the process's. */
  readonly stderr?: (line: string) => unknown;
}

/** How often expired entries are looked for, milliseconds; listings never show them anyway. */
const sweepMs = 5_000;

const plainWarning =
  "without TLS everybody on the way can read tokens and change clusters: give --tlscert and --tlskey, or keep this network private";

/**
 * The composition root of `swarm discovery-service`.
 * @throws Error when the data directory or an address cannot be used; nothing is left open then
 */
export async function openDiscoveryService(
  config: ServiceConfig,
  { log, clock = systemClock, stderr }: ServiceWorld,
): Promise<DiscoveryService> {
  const { limits, tls, maxConnections, trustedProxies, hosts } = config;
  const directory = await DataDirectory.open(config.dataDir);
  const registry = new Registry({ limits, clock, log, onChange: () => saver.changed() });
  const saver = new Saver({ write: () => directory.save(registry.lines()), clock, log });
  const rates = createRateLimits(config.rates);
  const listeners: ServiceListener[] = [];
  let cancelSweep = clock.after(sweepMs, sweep);
  function sweep(): void {
    registry.sweep();
    cancelSweep = clock.after(sweepMs, sweep);
  }
  const dispose = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    cancelSweep();
    rates[Symbol.dispose]();
    await saver[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  };

  registry.restore(directory.saved);
  log.info({ ...registry.size, folder: config.dataDir }, "clusters are loaded");
  const handle = createServiceApp({ config, registry, saver, rates, log });
  const isBehindProxy = trustedProxies > 0;
  try {
    for (const address of hosts) {
      if (!tls && !isThisMachine(address)) log.warn({ addr: address.addr }, plainWarning);
      const options = { handle, tls, maxConnections, isBehindProxy, log, stderr };
      listeners.push(await ServiceListener.open(address, options));
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    ports: listeners.map(({ port }) => port),
    get isSaved() {
      return saver.failure === undefined;
    },
    failed: Promise.race(listeners.map(({ failed }) => failed)),
    reload() {
      try {
        tls?.reload();
      } catch (error) {
        log.error({ err: error }, "not reloaded: what was in force stays");
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function isThisMachine({ host }: TcpAddress): boolean {
  return isLoopback(host.includes(":") ? `[${host}]` : host);
}
