import { fold } from "../../go-keys.ts";
import { ApiError } from "../../../errors.ts";
import { plainText } from "../plain-text.ts";

/**
 * Looks at one value of a client's body: what it answers goes on to the engine; `undefined` leaves the field out.
 * @throws ApiError 403 naming the field
 */
export type Check = (value: unknown, at: string) => unknown;

/** @param what the role may not do, as the end of a sentence */
export const denied = (what: string, options?: ErrorOptions): ApiError =>
  new ApiError(403, `authorization denied: the role own may not ${what}`, options);

/** Nothing an engine acts upon with anybody else's things. */
export const anything: Check = (value) => value;

/** Must say nothing; is left out then. */
export const nothing: Check = (value, at) => {
  if (!isEmpty(value)) throw denied(`set ${at}`);
  return undefined;
};

/** Must be left out, or `null`: where an empty list means something. */
export const absent: Check = (value, at) => {
  if (value !== undefined && value !== null) throw denied(`set ${at}`);
  return undefined;
};

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, at) => {
    const text = textAt(value, at);
    if (!allowed.includes(text)) throw denied(`set ${at} to ${plainText(text)}`);
    return text;
  };

/** Each entry of a list; `null` and nothing are an empty one. */
export const eachOf =
  (check: Check): Check =>
  (value, at) => {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw denied(`set ${at} to what is no list`);
    return value.map((entry: unknown) => check(entry, at));
  };

/** An object of which only these fields are known; any other must be absent, however it is spelled. */
export const fields =
  (known: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (value === undefined || value === null) return undefined;
    return withKnownFields(objectAt(value, at), known, at);
  };

/**
 * Takes an object apart by its fields, and puts it together of what their checks answer: spelled properly, each once, and nothing else. Engines take
 * `hostconfig` for `HostConfig`.
 */
export function withKnownFields(
  object: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, Check>>,
  at = "",
): Record<string, unknown> {
  const names = new Map(Object.keys(known).map((name) => [fold(name), name]));
  const checked = new Map<string, unknown>();
  for (const [key, value] of Object.entries(object)) {
    const name = names.get(fold(key));
    const place = `${at}${at === "" ? "" : "."}${name ?? plainText(key)}`;
    const check = name === undefined ? undefined : known[name];
    if (name === undefined || check === undefined) {
      absent(value, place);
      continue;
    }
    if (checked.has(name)) throw denied(`set ${place} twice`);
    checked.set(name, check(value, place));
  }
  return Object.fromEntries([...checked].filter(([, value]) => value !== undefined));
}

/** @returns `""` for nothing */
export function textAt(value: unknown, at: string): string {
  const text = value ?? "";
  if (typeof text !== "string") throw denied(`set ${at} to what is no text`);
  return text;
}

export function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw denied(`set ${at} to what is no object`);
  return value as Readonly<Record<string, unknown>>;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
