import { existsSync } from "node:fs";
import path from "node:path";
import { must } from "../../test/lab/command.ts";
import { findTool } from "../../test/lab/system.ts";

/** Loaded by name when a host name is looked up; since glibc 2.34 some of them are empty, or left out. */
const lookUpLibraries = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

/**
 * The shared libraries a program needs, the loader among them, and what glibc loads to look up names.
 * @throws {Error} naming a library that is missing, or `ldd` itself
 */
export async function librariesOf(program: string): Promise<readonly string[]> {
  if (findTool("ldd") === undefined) throw new Error("ldd is missing: install libc-bin (or glibc's tools)");
  const linked = librariesIn(await must("ldd", [program]));
  const libc = linked.find((file) => path.basename(file) === "libc.so.6");
  const besideLibc =
    libc === undefined ? [] : lookUpLibraries.map((name) => path.join(path.dirname(libc), name));
  return [...new Set([...linked, ...besideLibc.filter((file) => existsSync(file))])].sort();
}

/**
 * Reads what `ldd` prints.
 * @throws {Error} naming a library that was not found
 */
export function librariesIn(output: string): readonly string[] {
  const missing = /^\s*(\S+) => not found/m.exec(output)?.[1];
  if (missing !== undefined) throw new Error(`node needs ${missing}, which is not on this machine`);
  return [...output.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(([, file = ""]) => file);
}
