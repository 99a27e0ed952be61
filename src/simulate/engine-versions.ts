import type { EngineVersions } from "../../bench/fleet/index.ts";

/** Engine releases by the first that spoke an API version, and the oldest version they still answer. */
const RELEASES: readonly (readonly [since: string, apiVersion: string, minApiVersion: string])[] = [
  ["0", "1.24", "1.12"],
  ["1.13", "1.26", "1.12"],
  ["17.6", "1.30", "1.12"],
  ["18.3", "1.37", "1.12"],
  ["18.9", "1.39", "1.12"],
  ["19.3", "1.40", "1.12"],
  ["20.10", "1.41", "1.12"],
  ["23", "1.42", "1.12"],
  ["24", "1.43", "1.12"],
  ["25", "1.44", "1.24"],
  ["26", "1.45", "1.24"],
  ["27", "1.46", "1.24"],
  ["27.2", "1.47", "1.24"],
  ["28", "1.48", "1.24"],
  ["28.1", "1.49", "1.24"],
  ["28.2", "1.50", "1.24"],
  ["28.3", "1.51", "1.24"],
  ["29", "1.52", "1.44"],
];

/** What an engine of this release (`28.5.1`, `17.06.0-ce`) speaks. */
export function engineVersions(serverVersion: string): EngineVersions {
  const [major, minor] = parts(serverVersion);
  const isReached = (since: string): boolean => {
    const [sinceMajor, sinceMinor] = parts(since);
    return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  };
  const [, apiVersion = "1.41", minApiVersion = "1.12"] =
    RELEASES.findLast(([since]) => isReached(since)) ?? [];
  return { apiVersion, minApiVersion, serverVersion };
}

function parts(version: string): readonly [major: number, minor: number] {
  const [major = "0", minor = "0"] = version.split(".");
  return [parseInt(major, 10) || 0, parseInt(minor, 10) || 0];
}
