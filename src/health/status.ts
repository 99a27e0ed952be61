import type { Health, HealthStatus } from "./types.ts";

/** A status older than this says nothing: the command has died or stands still. */
export const freshMs = 30_000;

/**
 * What a status file says about the command that should be running.
 * @param text the file's contents, not trusted
 * @param now milliseconds since 1970
 */
export function judgeStatus(text: string, now: number): Health {
  const status = parseStatus(text);
  if (status === undefined) return { healthy: false, detail: "the status file holds no status" };
  const ageMs = now - Date.parse(status.at);
  const detail = `${status.command}: ${status.detail}`;
  // In the future: written before the clock was set back. The next status mends it.
  if (Math.abs(ageMs) < freshMs) return { healthy: status.healthy, detail };
  return {
    healthy: false,
    detail: `${status.command}: no sign of life since ${status.at}, the last was: ${status.detail}`,
  };
}

/** The status of a text, or undefined when it is none. Control characters are replaced: the result ends up on a terminal. */
export function parseStatus(text: string): HealthStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { command, healthy, detail, at, pid } = value as Readonly<Record<string, unknown>>;
  if (typeof command !== "string" || typeof healthy !== "boolean" || typeof detail !== "string") {
    return undefined;
  }
  if (typeof at !== "string" || Number.isNaN(Date.parse(at)) || typeof pid !== "number") return undefined;
  return { command: oneLine(command), healthy, detail: oneLine(detail), at: oneLine(at), pid };
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 1000);
}
