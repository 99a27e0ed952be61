import { posix } from "node:path";

/** Where the original's managers and agents meet (spec: discovery.md §4.1). */
const ourPath = "docker/swarm/nodes";
/** Where Docker's own `--cluster-store` keeps engines: only by an explicitly empty `kv.path`, as in the original. */
const dockerPath = "docker/nodes";

/**
 * The folder of the entries: prefix and `kv.path` joined and cleaned (spec: cli.md §6.4).
 * @param prefix of the URI, may be empty
 * @param path the option; undefined: not given
 * @throws Error when the two together name no folder
 */
export function kvFolder(prefix: string, path: string | undefined): string {
  const given = path === undefined ? ourPath : path || dockerPath;
  const folder = posix
    .join("/", prefix, given)
    .split("/")
    .filter((segment) => segment !== "")
    .join("/");
  if (folder === "") throw new Error(`kv.path=${given} names no folder in the store: use kv.path=${ourPath}`);
  return folder;
}
