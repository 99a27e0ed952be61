import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import type { Lab } from "../../../lab/lab.ts";
import { repositoryRoot } from "../../../lab/paths.ts";

/**
 * Writes the program, bundled, into the lab: it starts quickly, and what is edited while the suite runs does not change it between two starts or two
 * worlds. Packages that cannot be bundled are taken from where they are.
 * @returns the command that runs it
 */
export async function bundleProgram(lab: Lab): Promise<readonly string[]> {
  const folder = path.join(lab.folder, "program");
  mkdirSync(folder, { recursive: true });
  bundled ??= bundle();
  for (const [name, contents] of await bundled) writeFileSync(path.join(folder, name), contents);
  symlinkSync(path.join(repositoryRoot, "node_modules"), path.join(folder, "node_modules"));
  symlinkSync(path.join(repositoryRoot, "package.json"), path.join(folder, "package.json"));
  return [process.execPath, "--enable-source-maps", path.join(folder, "main.mjs")];
}

let bundled: Promise<ReadonlyMap<string, Uint8Array>> | undefined;

async function bundle(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["src/main.ts"],
    outdir: repositoryRoot,
    write: false,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["dockerode", "etcd3", "node-etcd", "*.node"],
    banner: {
      js: 'import { createRequire as nodeRequire } from "node:module"; const require = nodeRequire(import.meta.url);',
    },
    sourcemap: "inline",
    logLevel: "silent",
  });
  return new Map(outputFiles.map((file) => [path.basename(file.path), file.contents]));
}
