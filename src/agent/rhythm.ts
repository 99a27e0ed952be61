/** When the agent registers: all of it arithmetic, in milliseconds. */

/** What the command line says of time. */
export interface Rhythm {
  /** `--heartbeat`. */
  readonly heartbeatMs: number;
  /** `--ttl`. */
  readonly ttlMs: number;
  /** `--delay`: upper bound of a random wait before the first registration. */
  readonly delayMs: number;
}

const shortestRetryMs = 1000;
const longestRetryMs = 60_000;

/**
 * The time from one registration to the next, before jitter: the heartbeat, or a quarter of the entry's life if that is shorter.
 * Consul may end an entry after half of its TTL (spec: discovery.md §5), and one lost registration must not be the end of it.
 */
export function periodMs({ heartbeatMs, ttlMs }: Rhythm): number {
  return Math.min(heartbeatMs, ttlMs / 4);
}

/** ±10 %, so that agents which started together do not register together for ever. */
export function jittered(ms: number, random: number): number {
  return ms * (0.9 + 0.2 * random);
}

/** The wait after so many failures in a row (at least one), before jitter: 1 s, doubling, never longer than a period or a minute. */
export function retryMs(failures: number, rhythm: Rhythm): number {
  const doubled = shortestRetryMs * 2 ** Math.min(failures - 1, 20);
  return Math.min(doubled, periodMs(rhythm), longestRetryMs);
}

/**
 * How long one registration may take: shorter for short-lived entries, which need the next attempt soon, but longer than the five
 * seconds after which a store says itself what is wrong.
 */
export function registerWithinMs(rhythm: Rhythm): number {
  return Math.min(10_000, Math.max(6000, periodMs(rhythm)));
}
