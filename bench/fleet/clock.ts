const NEVER = "0001-01-01T00:00:00Z";

/** An engine's clock: the machine's, shifted, with nanoseconds that never repeat. */
export class EngineClock {
  /** How far this engine's clock is ahead (negative: behind). */
  deltaMs = 0;
  #lastNanos = 0n;

  /** Unix milliseconds. */
  now(): number {
    return Date.now() + this.deltaMs;
  }

  /** Unix nanoseconds, strictly growing as long as the clock is not set back. */
  nanos(): bigint {
    const now = BigInt(this.now()) * 1_000_000n;
    this.#lastNanos =
      now > this.#lastNanos || this.#lastNanos - now > 1_000_000_000n ? now : this.#lastNanos + 1n;
    return this.#lastNanos;
  }
}

/** Docker's time text with nanosecond digits; 0 is Go's zero time. */
export function rfc3339(unixMs: number): string {
  return unixMs === 0 ? NEVER : `${new Date(unixMs).toISOString().slice(0, -1)}000000Z`;
}

/** `1600000000`, `1600000000.000000001` or RFC 3339 as unix nanoseconds. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match) return BigInt(match[1] ?? "0") * 1_000_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n;
}

/** How long ago, in the engine's words: `Less than a second`, `About a minute`, `3 hours`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 3) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
