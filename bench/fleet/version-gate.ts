import type { EngineVersions } from "./types.ts";

/** A request's URL in parts. */
export interface ParsedUrl {
  /** Of the version prefix; undefined: it has none. */
  readonly major: string | undefined;
  readonly minor: string | undefined;
  /** Without version prefix and query, still percent-encoded. */
  readonly path: string;
  readonly search: string;
}

export function parseUrl(url: string): ParsedUrl {
  const [, major, minor, path = "/", search = ""] = /^(?:\/v(\d+)\.(\d+))?([^?]*)\??(.*)$/.exec(url) ?? [];
  return { major, minor, path, search };
}

/** Which API versions an engine speaks. */
export class VersionGate {
  readonly #versions: EngineVersions;
  /** Asked for last and spoken: clients ask for the same version again and again. */
  #spoken = "";

  constructor(versions: EngineVersions) {
    this.#versions = versions;
  }

  /** The engine's words to a version it does not speak; undefined: it speaks it, or none was asked for. */
  refusal({ major, minor }: ParsedUrl): { readonly tooNew: boolean; readonly text: string } | undefined {
    if (minor === undefined) return undefined;
    const asked = `${major ?? ""}.${minor}`;
    if (asked === this.#spoken) return undefined;
    const { apiVersion, minApiVersion } = this.#versions;
    if (compare(asked, apiVersion) > 0) {
      const text = `client version ${asked} is too new. Maximum supported API version is ${apiVersion}`;
      return { tooNew: true, text };
    }
    if (compare(asked, minApiVersion) < 0) {
      const text = `client version ${asked} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version\n`;
      return { tooNew: false, text };
    }
    this.#spoken = asked;
    return undefined;
  }
}

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
