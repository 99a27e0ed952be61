/**
 * `npm run image [-- --load] [--output FILE] [--root FOLDER]`: the container image, without a registry or an engine, see docs/image.md.
 */
import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { must } from "../test/lab/command.ts";
import { findTool } from "../test/lab/system.ts";
import { buildImage } from "./image/build-image.ts";
import { megabytes, writeRoot } from "./image/root-filesystem.ts";

const usage = "usage: npm run image [-- [--load] [--output dist/swarm-image.tar] | --root EMPTY-FOLDER]";

function options(): { load: boolean; output: string; root: string | undefined } {
  const { values } = parseArgs({
    options: { load: { type: "boolean" }, output: { type: "string" }, root: { type: "string" } },
  });
  return { load: values.load ?? false, output: values.output ?? "dist/swarm-image.tar", root: values.root };
}

/** Only what the image will hold, in a folder: for the Dockerfile, which adds the rest. */
async function writeRootTo(root: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  if (readdirSync(root).length > 0) throw new Error(`${root} is not empty`);
  const revision = process.env.REVISION ?? "";
  const { bytes } = await writeRoot(path.resolve(root), revision === "" ? undefined : revision);
  console.log(`${root}: ${megabytes(bytes)}`);
}

async function writeImage(output: string, load: boolean): Promise<void> {
  if (load && findTool("docker") === undefined) throw new Error("--load needs the docker command");
  const { file, id, tags, bytes } = await buildImage(path.resolve(output));
  const name = path.relative(process.cwd(), file);
  console.log(`${name}: ${tags.join(", ")}, ${megabytes(bytes)}\n${id}`);
  if (load) console.log((await must("docker", ["load", "-i", file], { env: process.env })).trimEnd());
  else console.log(`load it with: docker load -i ${name}`);
}

try {
  const { load, output, root } = options();
  if (root === undefined) await writeImage(output, load);
  else await writeRootTo(root);
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof TypeError) console.error(usage);
  process.exitCode = 1;
}
