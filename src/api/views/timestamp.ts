/** Docker's times: RFC 3339 with up to nine fraction digits. `0001-01-01T00:00:00Z` means never. */

/** Milliseconds since 1970, or `undefined` for "never" and for text that is no time. Digits beyond the millisecond are dropped. */
export function parseTimestamp(text: string): number | undefined {
  if (text === "" || text.startsWith("0001-01-01T")) return undefined;
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * A text that sorts as the time does, engines' clocks evened out. UTC stays text, so nanoseconds count.
 * @param shiftMs what to add: manager's clock minus the engine's
 */
export function sortableTimestamp(text: string, shiftMs: number): string {
  if (shiftMs === 0 && text.endsWith("Z")) return text.slice(0, -1);
  const ms = parseTimestamp(text);
  if (ms === undefined) return text.replace(/Z$/, "");
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  return new Date(ms + shiftMs).toISOString().slice(0, -1) + fraction.slice(3);
}

/** RFC 3339 in UTC, whole seconds: `2026-11-21T06:03:42Z`. */
export const secondsTimestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * The moment an `until` filter means: a duration before now (`10m`, `1h30m`), Unix seconds with optional fraction, or a date.
 * @returns milliseconds since 1970, or `undefined` when the text is none of these
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return Number(text) * 1_000;
  if (/^(\d{1,9}(\.\d{1,9})?(ns|us|µs|ms|s|m|h)){1,10}$/.test(text)) {
    let total = 0;
    for (const [, amount, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
      total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
    }
    return nowMs - total;
  }
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? parseTimestamp(text) : undefined;
}
