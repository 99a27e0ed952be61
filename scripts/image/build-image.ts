import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { must, run } from "../../test/lab/command.ts";
import { repositoryRoot } from "../../test/lab/paths.ts";
import { findTool } from "../../test/lab/system.ts";
import { imageConfig } from "./config.ts";
import { writeRoot } from "./root-filesystem.ts";

/** An image that was built. */
export interface BuiltImage {
  /** As `docker save` writes it, for `docker load`. */
  readonly file: string;
  /** `sha256:…`, the same wherever it is loaded. */
  readonly id: string;
  /** What the image may be called: `swarm:latest` and one with its version. */
  readonly tags: readonly string[];
  /** Of everything in it, uncompressed. */
  readonly bytes: number;
}

/**
 * Builds the image with neither a registry nor an engine. The same sources, packages and Node give the same archive, byte for byte.
 * @param file where the archive goes; replaced only when the new one is complete
 * @throws {Error} naming what is missing
 */
export async function buildImage(file: string): Promise<BuiltImage> {
  await assertGnuTar();
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(path.join(folder, ".image-"));
  try {
    const [root, parts] = [path.join(work, "root"), path.join(work, "parts")];
    mkdirSync(root);
    mkdirSync(parts);
    const revision = await cleanCommit();
    const { manifest, bytes } = await writeRoot(root, revision);
    await archive(root, path.join(parts, "layer.tar"));
    rmSync(root, { recursive: true });

    const layerDigest = `sha256:${await sha256(path.join(parts, "layer.tar"))}`;
    const { version, description, license } = manifest;
    const facts = { version, description, license, revision, arch: process.arch, layerDigest, created };
    const config = JSON.stringify(imageConfig(facts));
    const id = createHash("sha256").update(config).digest("hex");
    const tags = ["swarm:latest", `swarm:${version}`];
    writeFileSync(path.join(parts, `${id}.json`), config);
    const index = [{ Config: `${id}.json`, RepoTags: tags, Layers: ["layer.tar"] }];
    writeFileSync(path.join(parts, "manifest.json"), JSON.stringify(index));
    await archive(parts, path.join(work, "image.tar"));
    renameSync(path.join(work, "image.tar"), file);
    return { file, id: `sha256:${id}`, tags, bytes };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Fixed, so that only contents count; `SOURCE_DATE_EPOCH` is the customary way to say otherwise. */
const created = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 1_577_836_800) * 1000);

/** A tar of a folder that depends on nothing but names, modes and contents. */
export async function archive(folder: string, file: string): Promise<void> {
  const fixed = ["--format=gnu", "--sort=name", `--mtime=@${String(created.getTime() / 1000)}`];
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  await must("tar", ["-C", folder, ...fixed, ...owner, "-cf", file, ...readdirSync(folder).sort()]);
}

async function assertGnuTar(): Promise<void> {
  const said = findTool("tar") === undefined ? "" : (await run("tar", ["--version"])).stdout;
  if (!said.includes("GNU tar")) throw new Error("GNU tar is missing: install the package tar");
}

/** The commit of the working tree, if it is one and nothing in it has changed since. */
async function cleanCommit(): Promise<string | undefined> {
  if (findTool("git") === undefined || !existsSync(path.join(repositoryRoot, ".git"))) return undefined;
  const options = { cwd: repositoryRoot };
  const changes = await run(
    "git",
    ["--no-optional-locks", "status", "--porcelain", "--untracked-files=normal"],
    options,
  );
  const commit = await run("git", ["rev-parse", "HEAD"], options);
  return changes.code === 0 && changes.stdout === "" && commit.code === 0 ? commit.stdout.trim() : undefined;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
