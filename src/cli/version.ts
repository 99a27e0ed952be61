import { readFileSync } from "node:fs";

/** The program's version, from the package.json nearest above this file (source and build lie at different depths). */
export function programVersion(from: URL = new URL(import.meta.url)): {
  readonly version: string;
  /** Seven digits; `unknown` unless the package was published from a commit. */
  readonly gitCommit: string;
} {
  for (let folder = new URL(".", from); folder.pathname !== "/"; folder = new URL("..", folder)) {
    const manifest = readManifest(new URL("package.json", folder));
    if (manifest?.name !== "swarm") continue;
    return { version: manifest.version ?? "unknown", gitCommit: manifest.gitHead?.slice(0, 7) ?? "unknown" };
  }
  return { version: "unknown", gitCommit: "unknown" };
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly gitHead?: string;
}

function readManifest(at: URL): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(at, "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}
