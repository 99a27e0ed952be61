import type { EngineEvent, Unknown } from "./types.ts";

/**
 * Reads one message of an engine's event stream. Fields of the wrong type are left out, so that nobody after this need doubt them;
 * `undefined` when it is no event at all.
 */
export function engineEvent(json: string): EngineEvent | undefined {
  let raw: Unknown;
  try {
    raw = JSON.parse(json) as Unknown;
  } catch {
    return undefined;
  }
  const { status, id, from, Type, Action, Actor, scope, time, timeNano, ...others } = raw;
  // Nanoseconds do not fit a JavaScript number, so the digits are taken from the text. Inside a string the quotes would be escaped.
  const nanos = /"timeNano":\s*(\d{1,19})[,}\s]/.exec(json)?.[1];
  return {
    ...others,
    ...text("status", status),
    ...text("id", id),
    ...text("from", from),
    ...text("Type", Type),
    ...text("Action", Action),
    ...(isObject(Actor) && { Actor: { ...text("ID", Actor.ID), Attributes: texts(Actor.Attributes) } }),
    ...text("scope", scope),
    ...(isNumber(time) && { time }),
    ...(isNumber(timeNano) && nanos !== undefined && { timeNano: BigInt(nanos) }),
  };
}

const isObject = (value: unknown): value is Unknown => typeof value === "object" && value !== null;
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const text = <K extends string>(key: K, value: unknown): Partial<Record<K, string>> =>
  typeof value === "string" ? ({ [key]: value } as Partial<Record<K, string>>) : {};

function texts(map: unknown): Record<string, string> {
  if (!isObject(map)) return {};
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
