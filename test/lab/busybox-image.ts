import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { must } from "./command.ts";
import { cacheRoot } from "./paths.ts";
import { findTool } from "./system.ts";

/** An image that engines can load without a registry. */
export interface ImageArchive {
  /** A file as `docker save` writes it. */
  readonly file: string;
  /** `sha256:…`, the same on every engine that loads it. */
  readonly id: string;
}

/** What the image is called on the engines. */
export const busyboxName = "busybox:latest";

/**
 * Builds the busybox image from the system's static busybox, once: the archive is kept in the cache.
 * Names, times and owners are fixed, so the same busybox gives the same image ID everywhere.
 */
export async function busyboxImage(): Promise<ImageArchive> {
  const busybox = findTool("busybox");
  if (busybox === undefined) throw new Error("busybox is not installed (Debian: busybox-static)");
  const folder = path.join(cacheRoot, `busybox-${sha256(readFileSync(busybox)).slice(0, 12)}`);
  if (!existsSync(folder)) {
    const work = `${folder}.${String(process.pid)}.tmp`;
    try {
      await build(busybox, work);
      if (!existsSync(folder)) renameSync(work, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return { file: path.join(folder, "image.tar"), id: readFileSync(path.join(folder, "id"), "utf8") };
}

async function build(busybox: string, work: string): Promise<void> {
  const [root, image] = [path.join(work, "root"), path.join(work, "image")];
  for (const dir of ["bin", "etc", "root", "var", "home"])
    mkdirSync(path.join(root, dir), { recursive: true });
  mkdirSync(path.join(root, "tmp"));
  mkdirSync(image);
  cpSync(busybox, path.join(root, "bin/busybox"));
  for (const applet of (await must(busybox, ["--list"])).trim().split("\n")) {
    if (applet !== "busybox") symlinkSync("busybox", path.join(root, "bin", applet));
  }
  writeFileSync(
    path.join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  );
  writeFileSync(path.join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  await must("chmod", ["-R", "u=rwX,go=rX", root]);
  chmodSync(path.join(root, "tmp"), 0o1777);

  await archive(root, path.join(image, "layer.tar"));
  const layer = sha256(readFileSync(path.join(image, "layer.tar")));
  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "2020-01-01T00:00:00Z",
    config: { Cmd: ["sh"], Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
    history: [{ created: "2020-01-01T00:00:00Z", created_by: "static busybox" }],
  });
  const id = sha256(Buffer.from(config));
  writeFileSync(path.join(image, `${id}.json`), config);
  const manifest = [{ Config: `${id}.json`, RepoTags: [busyboxName], Layers: ["layer.tar"] }];
  writeFileSync(path.join(image, "manifest.json"), JSON.stringify(manifest));
  await archive(image, path.join(work, "image.tar"));
  writeFileSync(path.join(work, "id"), `sha256:${id}`);
  rmSync(root, { recursive: true });
  rmSync(image, { recursive: true });
}

/** A tar of a folder that depends on nothing but names and contents. */
async function archive(folder: string, file: string): Promise<void> {
  const fixed = ["--sort=name", "--mtime=@1577836800", "--owner=0", "--group=0", "--numeric-owner"];
  await must("tar", ["-C", folder, ...fixed, "-cf", file, "."]);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
