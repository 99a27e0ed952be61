import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { must } from "../../test/lab/command.ts";
import { findTool } from "../../test/lab/system.ts";
import { runtime } from "./config.ts";
import { librariesOf } from "./libraries.ts";
import { writeProgram } from "./program.ts";
import type { Manifest } from "./program.ts";

/** The image may hold this many bytes at most. */
export const maxBytes = 120e6;

const interpreter = "/usr/bin/node";

/** What an image holds. */
export interface RootFilesystem {
  readonly manifest: Manifest;
  readonly bytes: number;
}

/**
 * Writes everything the image holds into an empty folder: this machine's Node with its libraries, the program, and the few files a
 * C library looks for. There is no shell in it.
 * @throws {Error} when something is missing, when the result is too large, or when the program does not start in it
 */
export async function writeRoot(root: string, revision?: string): Promise<RootFilesystem> {
  if (process.platform !== "linux") {
    throw new Error(
      `the image holds this machine's Node, and this is ${process.platform}: build on Linux, or with docker build .`,
    );
  }
  const at = (file: string): string => path.join(root, file);
  const put = (from: string, to: string): void => {
    mkdirSync(path.dirname(at(to)), { recursive: true });
    copyFileSync(realpathSync(from), at(to));
  };
  for (const folder of [
    "app",
    "dev",
    "etc",
    "proc",
    "sys",
    "tmp",
    "usr/local/bin",
    runtime.volume.slice(1),
  ]) {
    mkdirSync(at(folder), { recursive: true });
  }
  put(process.execPath, interpreter);
  // Debug symbols of no use to anyone; without the tool the image is larger and works as well.
  if (findTool("strip") !== undefined) await must("strip", [at(interpreter)]);
  for (const library of await librariesOf(process.execPath)) put(library, library);
  const manifest = await writeProgram(at("app"), interpreter, revision);
  symlinkSync("/app/main.js", at("swarm")); // the entrypoint of old images of Swarm, …
  symlinkSync("/app/main.js", at("usr/local/bin/swarm")); // … of the newer ones, and `docker exec … swarm health`
  // The home folder of root is /, so that $HOME/.swarm is the volume.
  writeFileSync(
    at("etc/passwd"),
    "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
  );
  writeFileSync(at("etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  writeFileSync(at("etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  normaliseModes(root);
  chmodSync(at("tmp"), 0o1777);
  const bytes = sizeOf(root);
  if (bytes > maxBytes) {
    const remedy =
      findTool("strip") === undefined ? ": install strip (binutils), which makes it smaller" : "";
    throw new Error(`the image has ${megabytes(bytes)}, the limit is ${megabytes(maxBytes)}${remedy}`);
  }
  await assertStarts(root, manifest.version);
  return { manifest, bytes };
}

/** `110 MB`, a megabyte being a million bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Runs the program inside the folder; only root may. */
async function assertStarts(root: string, version: string): Promise<void> {
  const chroot = findTool("chroot");
  if (process.getuid?.() !== 0 || chroot === undefined) return;
  const said = await must(chroot, [root, ...runtime.entrypoint, "--version"], { env: {}, timeoutMs: 30_000 });
  if (!said.startsWith(`swarm version ${version} `))
    throw new Error(`the program in the image says: ${said}`);
}

/** Whatever this user's umask is, the image is the same. */
function normaliseModes(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) normaliseModes(file);
    else if (entry.isFile()) chmodSync(file, (lstatSync(file).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

function sizeOf(folder: string): number {
  const sizes = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? sizeOf(file) : lstatSync(file).size;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
