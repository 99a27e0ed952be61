import { ApiError } from "../../errors.ts";
import { EMPTY_REQUEST } from "../../scheduler/empty-request.ts";
import { readExpressionSources } from "../../scheduler/expression-sources.ts";
import type { PlacementRequest } from "../../scheduler/types.ts";
import { flag, integer } from "../exchange.ts";
import { jsonSyntaxError } from "../views/go-json.ts";

/** `POST /build`'s parameters, read as far as the manager acts on them (spec: api.md §8.1). */
export interface BuildQuery {
  readonly builder: "classic" | "buildkit";
  /** `""`: none. */
  readonly buildId: string;
  /** The build for which this request only brings the context (`upload-request:`). */
  readonly uploadFor: string | undefined;
  /** `""`: none. */
  readonly sessionId: string;
  /** Only the result is wanted. */
  readonly quiet: boolean;
  readonly placement: PlacementRequest;
  /** The placement asks for something: an expression, memory or CPUs. */
  readonly choosy: boolean;
  /** What the engine gets: everything, but for expressions in the build arguments and malformed JSON. */
  readonly sent: URLSearchParams;
}

/** @throws ApiError 500 for a version or outputs nobody understands */
export function readBuildQuery(query: URLSearchParams): BuildQuery {
  const sent = new URLSearchParams(query);
  dropMalformed(sent);
  const placement = readPlacement(sent);
  const id = query.get("buildid") ?? "";
  const isUpload = id.startsWith(UPLOAD);
  return {
    builder: readBuilder(query),
    buildId: isUpload ? "" : id,
    uploadFor: isUpload ? id.slice(UPLOAD.length) : undefined,
    sessionId: query.get("session") ?? "",
    quiet: flag(query, "q"),
    placement,
    choosy:
      placement.memoryBytes > 0 ||
      placement.cpus > 0 ||
      [placement.affinities, placement.constraints, placement.whitelists].some(({ length }) => length > 0),
    sent,
  };
}

const UPLOAD = "upload-request:";

function readBuilder(query: URLSearchParams): BuildQuery["builder"] {
  const outputs = query.get("outputs") ?? "";
  const wrong = outputs === "" ? undefined : jsonSyntaxError(outputs);
  if (wrong !== undefined) throw new ApiError(500, wrong);
  const version = query.get("version") ?? "";
  if (version === "" || version === "1") return "classic";
  if (version === "2") return "buildkit";
  throw new ApiError(500, `invalid version ${version}`);
}

type JsonTest = (value: unknown) => boolean;
const isText: JsonTest = (value) => typeof value === "string";
const isObject: JsonTest = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const mapOf =
  (test: JsonTest): JsonTest =>
  (value) =>
    value === null || (isObject(value) && Object.values(value as object).every(test));
const listOf =
  (test: JsonTest): JsonTest =>
  (value) =>
    value === null || (Array.isArray(value) && value.every(test));

/** The parameters that are JSON, and what each must be; anything else is as if it were absent (api.md §8.1). */
const JSON_PARAMETERS: Readonly<Record<string, JsonTest>> = {
  buildargs: mapOf((value) => value === null || isText(value)),
  labels: mapOf((value) => value === null || isText(value)),
  ulimits: listOf(isObject),
  cachefrom: listOf(isText),
};

function dropMalformed(query: URLSearchParams): void {
  for (const [name, test] of Object.entries(JSON_PARAMETERS)) {
    const text = query.get(name);
    if (text !== null && !test(parsed(text))) query.delete(name);
  }
}

/** `undefined`: not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Takes the expressions out of the build arguments. `cpushares` means CPUs here, and shares to the engine (scheduling.md §3). */
function readPlacement(query: URLSearchParams): PlacementRequest {
  const text = query.get("buildargs");
  const given = text === null ? {} : ((parsed(text) ?? {}) as Readonly<Record<string, string | null>>);
  const [expressions, args] = [[] as string[], [] as [string, string | null][]];
  for (const [key, value] of Object.entries(given)) {
    if (EXPRESSION.test(key)) expressions.push(`${key}=${value ?? ""}`);
    else args.push([key, value]);
  }
  if (expressions.length > 0) query.set("buildargs", JSON.stringify(Object.fromEntries(args)));
  const { affinities, constraints, whitelists } = readExpressionSources({}, expressions, false).lists;
  return {
    ...EMPTY_REQUEST,
    affinities,
    constraints,
    whitelists,
    memoryBytes: integer(query, "memory"),
    cpus: integer(query, "cpushares"),
  };
}

/** `--build-arg constraint:node==node-2` arrives as the key `constraint:node` with the value `=node-2`. */
const EXPRESSION = /^(?:affinity|constraint|whitelist):/;
