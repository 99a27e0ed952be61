import { StoreError } from "./store-error.ts";

/** A store on servers. */
export interface ServerUrl {
  readonly scheme: "consul" | "etcd" | "zk";
  readonly endpoints: readonly [string, ...string[]];
  /** Without slashes at its ends; `""`: none. */
  readonly prefix: string;
}

export type StoreUrl =
  ServerUrl | { readonly scheme: "file"; readonly directory: string } | { readonly scheme: "memory" };

/**
 * Reads `consul://h:p/prefix`, `etcd://h1:p,h2:p/prefix`, `zk://…`, `file://directory`, `memory://` (spec: discovery.md
 * §1): the prefix is what follows the first slash, hosts need a port and take no credentials.
 * @throws {StoreError} `invalid`.
 */
export function parseStoreUrl(url: string): StoreUrl {
  const at = url.indexOf("://");
  const [scheme, rest] = [url.slice(0, Math.max(at, 0)), url.slice(at + 3)];
  if (scheme === "memory" && rest === "") return { scheme };
  if (scheme === "file") {
    if (rest === "") throw new StoreError("invalid", "file:// needs a directory: file:///var/lib/swarm");
    return { scheme, directory: rest };
  }
  if (scheme !== "consul" && scheme !== "etcd" && scheme !== "zk") {
    throw new StoreError(
      "invalid",
      `no store is called ${url}: consul://, etcd://, zk://, file:// or memory://`,
    );
  }
  const slash = `${rest}/`.indexOf("/");
  const [first, ...others] = rest
    .slice(0, slash)
    .split(",")
    .map((host) => endpoint(url, host.trim()));
  if (first === undefined) throw new StoreError("invalid", `${url} names no server`);
  const prefix = rest
    .slice(slash + 1)
    .split("/")
    .filter((segment) => segment !== "")
    .join("/");
  return { scheme, endpoints: [first, ...others], prefix };
}

function endpoint(url: string, text: string): string {
  const found = /^(\[[0-9a-fA-F:.%a-z]+\]|[^\s:@?#[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (found === null || port < 1 || port > 65_535) {
    // What stands before an @ may be a password, and the text of an error ends in logs.
    const fault = url.includes("@")
      ? "a server is host:port, without user and password: those are kv.user and kv.passwordfile"
      : `${url}: a server is host:port, not "${text}"`;
    throw new StoreError("invalid", fault);
  }
  return text;
}
