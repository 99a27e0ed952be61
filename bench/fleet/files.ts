import { Buffer } from "node:buffer";
import type { SimContainer } from "./types.ts";

/** Directories every simulated container has. */
const DIRECTORIES: ReadonlySet<string> = new Set([
  "/",
  "/bin",
  "/data",
  "/etc",
  "/home",
  "/opt",
  "/root",
  "/srv",
  "/tmp",
  "/usr",
  "/var",
]);

/** Without `.`, `..`, doubled or closing slashes. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** A file that was copied in, or one of the few that are always there. */
export function readContainerFile(container: SimContainer, path: string): Buffer | undefined {
  const clean = cleanPath(path);
  const copied = container.files?.get(clean);
  if (copied) return copied;
  if (clean === "/etc/hostname") return Buffer.from(`${container.id.slice(0, 12)}\n`);
  if (clean === "/etc/passwd") return Buffer.from("root:x:0:0:root:/root:/bin/sh\n");
  return undefined;
}

export function isDirectory(container: SimContainer, path: string): boolean {
  const clean = cleanPath(path);
  return (
    DIRECTORIES.has(clean) ||
    [...(container.files?.keys() ?? [])].some((file) => file.startsWith(`${clean}/`))
  );
}

/** What lies below a directory, by path relative to it. */
export function listFiles(container: SimContainer, path: string): [string, Buffer][] {
  const prefix = cleanPath(path) === "/" ? "/" : `${cleanPath(path)}/`;
  return [...(container.files ?? [])]
    .filter(([file]) => file.startsWith(prefix))
    .map(([file, content]) => [file.slice(prefix.length), content]);
}

const BLOCK = 512;

/** An archive of regular files; a name that ends in `/` is a directory. */
export function packTar(files: readonly (readonly [string, Buffer])[]): Buffer {
  const blocks = files.flatMap(([name, content]) => {
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0, 100);
    header.write(name.endsWith("/") ? "0000755\0" : "0000644\0", 100);
    header.write("0000000\0".repeat(2), 108);
    header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write(
      `${Math.floor(Date.now() / 1000)
        .toString(8)
        .padStart(11, "0")}\0`,
      136,
    );
    header.write("        ", 148);
    header.write(name.endsWith("/") ? "5" : "0", 156);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The regular files of an archive; anything else in it is skipped. */
export function unpackTar(archive: Buffer): [string, Buffer][] {
  const files: [string, Buffer][] = [];
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const text = (from: number, length: number): string =>
      archive.toString("utf8", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = parseInt(text(124, 12), 8) || 0;
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    const prefix = text(345, 155);
    const kind = text(156, 1);
    if (kind === "" || kind === "0")
      files.push([prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`, content]);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
