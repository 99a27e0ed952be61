import { ApiError, badRequest } from "../../errors.ts";
import { atLeast } from "../../docker/api-version.ts";
import { jsonKind, jsonSyntaxError } from "./go-json.ts";

/** The `filters` parameter, decoded: each key with its values in the order given. */
export type DockerFilters = ReadonlyMap<string, readonly string[]>;

/** No filter at all. */
export const noFilters: DockerFilters = new Map();

/** Longer parameters are refused: a header block of that size would not have come through anyway. */
const maxChars = 64 * 1024;
/** More values in all are refused: each may be a pattern tried on every object. */
const maxValues = 1_000;

/**
 * Decodes the `filters` query parameter, in the form `{"k":{"v":true}}` or the older `{"k":["v"]}`. Absent, empty and `null` mean no filter.
 * @param malformedStatus what malformed text answers: 500 for containers, images and volumes, 400 for networks and events
 * @throws ApiError with the decoder's text in Go's words (api.md §7.1), or 400 when the parameter is out of all proportion
 */
export function parseFilters(raw: string | undefined, malformedStatus = 500): DockerFilters {
  if (raw === undefined || raw === "") return noFilters;
  if (raw.length > maxChars) throw badRequest(`filters: longer than ${maxChars} characters`);
  const syntaxError = jsonSyntaxError(raw);
  if (syntaxError !== undefined) throw new ApiError(malformedStatus, syntaxError);
  const decoded = decode(JSON.parse(raw));
  if (typeof decoded === "string") throw new ApiError(malformedStatus, decoded);
  let values = 0;
  for (const [, wanted] of decoded) values += wanted.length;
  if (values > maxValues) throw badRequest(`filters: more than ${maxValues} values`);
  return decoded;
}

/** The filters, or Go's type error as text. */
function decode(value: unknown): DockerFilters | string {
  if (value === null) return noFilters;
  if (!isObject(value)) return mismatch(value, "map[string]map[string]bool");
  const entries = Object.entries(value);
  if (entries.every(([, list]) => isStringList(list))) {
    return new Map(entries.map(([key, list]) => [key, [...new Set((list ?? []) as string[])]]));
  }
  const filters = new Map<string, readonly string[]>();
  for (const [key, set] of entries) {
    if (set !== null && !isObject(set)) return mismatch(set, "map[string]bool");
    const odd = Object.values(set ?? {}).find((flag) => flag !== null && typeof flag !== "boolean");
    if (odd !== undefined) return mismatch(odd, "bool");
    filters.set(key, Object.keys(set ?? {}));
  }
  return filters;
}

const mismatch = (value: unknown, type: string): string =>
  `json: cannot unmarshal ${jsonKind(value)} into Go value of type ${type}`;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isStringList = (value: unknown): boolean =>
  value === null || (Array.isArray(value) && value.every((item) => typeof item === "string"));

/**
 * Refuses keys an endpoint does not know, as engines do, but only to clients of API 1.41 and later: older ones were always ignored
 * (api.md A7).
 * @throws ApiError 400 `Invalid filter 'x'`
 */
export function refuseUnknownKeys(
  filters: DockerFilters,
  known: ReadonlySet<string>,
  clientVersion: string | undefined,
): void {
  if (clientVersion === undefined || !atLeast(clientVersion, "1.41")) return;
  for (const key of filters.keys()) {
    if (!known.has(key)) throw badRequest(`Invalid filter '${key}'`);
  }
}

/** The values asked for, or `undefined` when the key is absent or empty: then everything passes. */
export function wanted(filters: DockerFilters, key: string): readonly string[] | undefined {
  const values = filters.get(key);
  return values === undefined || values.length === 0 ? undefined : values;
}

type Labels = Readonly<Record<string, string>> | null | undefined;

/** Says whether labels hold every `key` or `key=value` asked for. Reads those once. */
export function labelTest(asked: readonly string[]): (labels: Labels) => boolean {
  const pairs = asked.map((item) => {
    const equals = item.indexOf("=");
    return equals < 0
      ? { key: item, value: undefined }
      : { key: item.slice(0, equals), value: item.slice(equals + 1) };
  });
  return (labels) =>
    labels !== null &&
    labels !== undefined &&
    pairs.every(
      ({ key, value }) => Object.hasOwn(labels, key) && (value === undefined || labels[key] === value),
    );
}

/** {@link labelTest}, asked once. */
export const hasLabels = (labels: Labels, asked: readonly string[]): boolean =>
  asked.length === 0 || labelTest(asked)(labels);

/** Go's `strconv.ParseBool`: `1 t T TRUE true True` and their opposites; `undefined` for anything else. */
export function parseGoBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return undefined;
}

/**
 * Go's `strconv.Atoi`.
 * @throws ApiError 500 `strconv.Atoi: parsing "x": invalid syntax`
 */
export function parseGoInt(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ApiError(500, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(64, value) !== value) {
    throw new ApiError(500, `strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(value);
}
