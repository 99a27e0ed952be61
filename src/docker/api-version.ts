/** Docker API versions: `1.41`, always major.minor (api.md §1, §10.1). */

/** The highest API version this manager understands. */
export const managerMaxApi = "1.51";
/** The lowest API version this manager serves. */
export const managerMinApi = "1.24";

/** What an engine, or the whole cluster, speaks; both ends included. */
export interface ApiRange {
  readonly min: string;
  readonly max: string;
}

export interface ClusterApiRange extends ApiRange {
  /** No single version suits every engine, so requests are rewritten per engine. */
  readonly disjoint: boolean;
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. Compares numbers: `1.9` is older than `1.10`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let n = 0; n < Math.max(left.length, right.length); n += 1) {
    const difference = Number(left[n] ?? 0) - Number(right[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Is `version` at least `floor`? */
export const atLeast = (version: string, floor: string): boolean => compareVersions(version, floor) >= 0;

/**
 * Splits a path into version prefix and route. The reference accepts any one character between the digits (`/v1x40/`, `/v140/`);
 * such a prefix is stripped but names no version.
 */
export function splitVersion(path: string): { readonly version: string | undefined; readonly path: string } {
  const match = /^\/v((\d{1,9}).?(\d{1,9}))(\/.*)$/s.exec(path);
  if (match === null) return { version: undefined, path };
  const [, text, major, minor, rest] = match;
  return { version: text === `${major}.${minor}` ? text : undefined, path: rest ?? "/" };
}

/**
 * The versions to advertise (api.md §10.1 rules 1, 2 and 5): what every engine speaks. Pass healthy engines only. Where no version suits
 * all, the lower maximum is advertised and the manager's own minimum.
 */
export function clusterApiRange(
  engines: Iterable<ApiRange>,
  managerMax = managerMaxApi,
  floor = managerMinApi,
): ClusterApiRange {
  let max = managerMax;
  let min = floor;
  for (const engine of engines) {
    if (compareVersions(engine.max, max) < 0) max = engine.max;
    if (compareVersions(engine.min, min) > 0) min = engine.min;
  }
  if (compareVersions(min, max) <= 0) return { min, max, disjoint: false };
  return { min: compareVersions(floor, max) <= 0 ? floor : max, max, disjoint: true };
}

/** The version to speak to one engine: the client's own (the cluster's maximum if it named none), kept within what the engine speaks. */
export function clampVersion(
  client: string | undefined,
  engine: ApiRange,
  clusterMax = managerMaxApi,
): string {
  const asked = client ?? clusterMax;
  if (compareVersions(asked, engine.max) > 0) return engine.max;
  return compareVersions(asked, engine.min) < 0 ? engine.min : asked;
}

/**
 * The text of the 400 answer to a client we cannot serve, or `undefined` when it is welcome. `/_ping` and `/version` are always welcome: do not
 * ask for them. Newer clients are let through unless `strict`, as the reference did.
 */
export function versionRefusal(
  client: string | undefined,
  range: ApiRange,
  options: { readonly strict: boolean } = { strict: false },
): string | undefined {
  if (client === undefined) return undefined;
  if (options.strict && compareVersions(client, range.max) > 0) {
    return `client version ${client} is too new. Maximum supported API version is ${range.max}`;
  }
  if (compareVersions(client, range.min) < 0) {
    return (
      `client version ${client} is too old. Minimum supported API version is ${range.min}, ` +
      "please upgrade your client to a newer version"
    );
  }
  return undefined;
}
