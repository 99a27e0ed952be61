import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { repositoryRoot } from "../../test/lab/paths.ts";
import { isLoadable, packageFolders } from "./packages.ts";
import type { Installed } from "./packages.ts";

/** Packages that read files of their own at run time, `.proto` or native ones: they keep their folders. */
const keptWhole = ["dockerode", "etcd3", "node-etcd"];

/** CommonJS packages inside ES modules call `require` for Node's own modules. */
const requireForCommonJs =
  'import { createRequire as nodeRequire } from "node:module"; const require = nodeRequire(import.meta.url);';

/** The fields of package.json that the program or the image shows. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/**
 * Writes the program with what it needs of npm into a folder: `main.js` and what it loads, the packages that cannot be
 * bundled, package.json for its version, and the licences.
 * @param interpreter where the program's Node will be
 * @throws {Error} naming what is not installed, or with esbuild's findings
 */
export async function writeProgram(
  folder: string,
  interpreter: string,
  revision?: string,
): Promise<Manifest> {
  const { name, version, description, license } = readJson("package.json") as Manifest;
  const { metafile } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["src/main.ts"],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: [...keptWhole, "*.node"],
    banner: { js: requireForCommonJs },
    chunkNames: "[name]-[hash]",
    legalComments: "none", // the licences are copied whole
    metafile: true,
    logLevel: "silent",
  });
  const main = path.join(folder, "main.js");
  writeFileSync(main, readFileSync(main, "utf8").replace(/^#!.*/, `#!${interpreter}`));
  chmodSync(main, 0o755);
  const gitHead = revision === undefined ? {} : { gitHead: revision };
  const manifest = { name, version, description, license, type: "module", ...gitHead };
  writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyPackages(folder);
  copyFileSync(path.join(repositoryRoot, "LICENSE"), path.join(folder, "LICENSE"));
  writeFileSync(path.join(folder, "LICENSES-OF-PACKAGES"), licencesOf(Object.keys(metafile.inputs)));
  return { name, version, description, license };
}

function copyPackages(folder: string): void {
  const file = "node_modules/.package-lock.json";
  if (!existsSync(path.join(repositoryRoot, file))) throw new Error("the npm packages are missing: npm ci");
  const { packages } = readJson(file) as { readonly packages: Installed };
  const target = {
    platform: process.platform,
    arch: process.arch,
    node: Number(process.versions.node.split(".")[0]),
  };
  for (const place of packageFolders(packages, keptWhole)) {
    const source = path.join(repositoryRoot, place);
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    for (const each of filesOf(source)) {
      if (!isLoadable(name, each, target)) continue;
      const copy = path.join(folder, place, each);
      mkdirSync(path.dirname(copy), { recursive: true });
      copyFileSync(path.join(source, each), copy);
    }
  }
}

/** The files of a package by their paths inside it, without the packages inside it. */
function filesOf(source: string): string[] {
  return readdirSync(source, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules") return [];
    if (!entry.isDirectory()) return [entry.name];
    return filesOf(path.join(source, entry.name)).map((inner) => `${entry.name}/${inner}`);
  });
}

/** The licence texts of the packages that bundled files come from. */
function licencesOf(inputs: readonly string[]): string {
  const folders = inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  const texts = [...new Set(folders)].sort().flatMap((folder) => {
    if (folder === undefined) return [];
    const home = path.join(repositoryRoot, folder);
    const { name, version, license } = readJson(`${folder}/package.json`) as Partial<Manifest>;
    const file = readdirSync(home).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? "" : readFileSync(path.join(home, file), "utf8");
    return [`${name ?? folder} ${version ?? ""} (${String(license)})\n\n${text.trim()}\n`];
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(repositoryRoot, file), "utf8"));
}
