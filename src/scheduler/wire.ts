/** Reads the few fields of a client's JSON that placement needs, and refuses what is not of the right type: never crashes, never guesses. */

/** A request we cannot place because of what it says. `status` is the HTTP status the contract gives it. */
export class InvalidRequestError extends Error {
  readonly status: 400 | 500;
  constructor(status: 400 | 500, message: string) {
    super(message);
    this.name = "InvalidRequestError";
    this.status = status;
  }
}

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The type's name as JSON decoders say it. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

function mistyped(value: unknown, field: string, wanted: string): InvalidRequestError {
  const given = typeof value === "number" && wanted === "int64" ? `number ${value}` : kindOf(value);
  const place = field === "" ? "Go value" : `Go struct field ${field}`;
  return new InvalidRequestError(400, `json: cannot unmarshal ${given} into ${place} of type ${wanted}`);
}

/** The value as an object; `undefined` when missing. Here as everywhere, `null` is missing, as in Docker. */
export function asObject(value: unknown, field: string, wanted: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) throw mistyped(value, field, wanted);
  return value as JsonObject;
}

export const objectField = (object: JsonObject, field: string, wanted: string): JsonObject | undefined =>
  asObject(object[field], field, wanted);

/** `""` when missing. */
export function stringField(object: JsonObject, field: string): string {
  const value = object[field] ?? "";
  if (typeof value !== "string") throw mistyped(value, field, "string");
  return value;
}

/** 0 when missing. Whole numbers within 64 bits only. */
export function integerField(object: JsonObject, field: string): number {
  const value = object[field] ?? 0;
  if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) >= 2 ** 63) {
    throw mistyped(value, field, "int64");
  }
  return value;
}

/** Empty when missing; a `null` entry is an empty text, as in Docker. */
export function stringListField(object: JsonObject, field: string): readonly string[] {
  const value = object[field] ?? [];
  if (!Array.isArray(value)) throw mistyped(value, field, "[]string");
  return value.map((entry: unknown) => {
    const text = entry ?? "";
    if (typeof text !== "string") throw mistyped(text, field, "string");
    return text;
  });
}

/** Empty when missing. */
export function stringMapField(object: JsonObject, field: string): Readonly<Record<string, string>> {
  const value = objectField(object, field, "map[string]string") ?? {};
  for (const entry of Object.values(value)) {
    if (entry !== null && typeof entry !== "string") throw mistyped(entry, field, "string");
  }
  return value as Readonly<Record<string, string>>;
}
