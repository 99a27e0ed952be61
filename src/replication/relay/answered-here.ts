import { splitVersion } from "../../docker/api-version.ts";

/** What every manager answers of itself, whatever its role (spec: ha.md §3.1). */
const OWN: ReadonlySet<string> = new Set(["GET /_ping", "HEAD /_ping", "GET /info", "GET /cluster/leader"]);

/** Is this about the manager that is asked? Exactly these routes, below any version, and what names no path at all. */
export function isAnsweredHere(method: string, target: string): boolean {
  if (!target.startsWith("/")) return true;
  const [path = ""] = target.split("?", 1);
  return OWN.has(`${method} ${splitVersion(path).path}`);
}

/** A request target without scheme and host, which proxies send along (RFC 9112 §3.2.2). */
export const originForm = (target: string): string => target.replace(/^https?:\/\/[^/?]*\/?/i, "/");
