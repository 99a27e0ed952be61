import { badRequest } from "../errors.ts";

/** What part of time an `/events` client asks for, in Unix nanoseconds. */
export interface EventPeriod {
  /** `undefined`: only what happens from now on. */
  readonly sinceNano: bigint | undefined;
  /** `undefined`: without end. */
  readonly untilNano: bigint | undefined;
}

const maxInt64 = 2n ** 63n - 1n;

/**
 * Reads `since` and `until`: `seconds` or `seconds.nanoseconds` (events.md §1, E7). Empty and negative mean absent, and so does an `until` of 0.
 * @throws ApiError 400 `strconv.ParseInt: parsing "X": invalid syntax`
 */
export function parseEventPeriod(since: string | undefined, until: string | undefined): EventPeriod {
  const untilNano = parseInstant(until);
  return { sinceNano: parseInstant(since), untilNano: untilNano === 0n ? undefined : untilNano };
}

function parseInstant(text: string | undefined): bigint | undefined {
  if (text === undefined || text === "") return undefined;
  const match = /^([+-]?\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const [, whole = "0", fraction = ""] = match;
  const seconds = BigInt(whole.replace("+", ""));
  if (seconds > maxInt64 || seconds < -maxInt64 - 1n) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (whole.startsWith("-")) return undefined;
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}
