import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { buildImage } from "../../../scripts/image/build-image.ts";
import { cacheRoot, repositoryRoot } from "../../lab/paths.ts";

/** Everything the image is made of; its packages are what the lock file says. */
const sources = [
  ...["src", "filters", "strategies", "discovery", "scripts/image"],
  ...["package.json", "package-lock.json", "LICENSE"],
];

/** The archive that `npm run image` makes of the sources as they are, kept in the cache until they change. */
export async function swarmImage(): Promise<string> {
  const name = `swarm-image-${contentKey()}`;
  const file = path.join(cacheRoot, name, "image.tar");
  if (existsSync(file)) return file;
  for (const old of readdirSync(cacheRoot).filter(
    (each) => each.startsWith("swarm-image-") && each !== name,
  )) {
    rmSync(path.join(cacheRoot, old), { recursive: true, force: true });
  }
  return (await buildImage(file)).file;
}

function contentKey(): string {
  const hash = createHash("sha256").update(`${process.version} ${process.arch}\n`);
  for (const file of sources.flatMap(filesAt).sort()) {
    hash.update(`${file}\n`).update(readFileSync(path.join(repositoryRoot, file)));
  }
  return hash.digest("hex").slice(0, 12);
}

function filesAt(place: string): string[] {
  if (statSync(path.join(repositoryRoot, place)).isFile()) return [place];
  return readdirSync(path.join(repositoryRoot, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(repositoryRoot, path.join(entry.parentPath, entry.name)));
}
