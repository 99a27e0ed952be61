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
  for (const field of TEXTS) if (typeof raw[field] !== "string") drop(raw, field);
  if (isObject(raw.Actor)) raw.Actor = actor(raw.Actor);
  else drop(raw, "Actor");
  if (!isNumber(raw.time)) drop(raw, "time");
  const nanos = isNumber(raw.timeNano) ? nanoseconds(json, raw.timeNano) : undefined;
  if (nanos === undefined) drop(raw, "timeNano");
  else raw.timeNano = nanos;
  return raw;
}

const TEXTS = ["status", "id", "from", "Type", "Action", "scope"] as const;

/** An object that something is deleted from is slow ever after, so only what is there is. */
function drop(raw: Unknown, field: string): void {
  if (raw[field] !== undefined) Reflect.deleteProperty(raw, field);
}

function actor({ ID, Attributes }: Unknown): NonNullable<EngineEvent["Actor"]> {
  const texts = (isObject(Attributes) && !Array.isArray(Attributes) ? Attributes : {}) as Record<
    string,
    string
  >;
  for (const key in texts) {
    if (typeof texts[key] !== "string") Reflect.deleteProperty(texts, key);
  }
  return typeof ID === "string" ? { ID, Attributes: texts } : { Attributes: texts };
}

/**
 * Nanoseconds do not fit a JavaScript number, so the digits are taken from the text. Inside a string the quotes would be escaped; a field of that name
 * that is not the event's own has another value. Engines write theirs last.
 * @param rounded what became of them
 */
function nanoseconds(json: string, rounded: number): bigint | undefined {
  for (let at = json.lastIndexOf(TIME_NANO); at >= 0; at = json.lastIndexOf(TIME_NANO, at - 1)) {
    DIGITS.lastIndex = at + TIME_NANO.length;
    const digits = DIGITS.exec(json)?.[1];
    if (digits !== undefined && Number(digits) === rounded) return BigInt(digits);
  }
  return undefined;
}

const TIME_NANO = '"timeNano":';
const DIGITS = /\s*(\d{1,19})[,}\s]/y;

const isObject = (value: unknown): value is Unknown => typeof value === "object" && value !== null;
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
