import { readFileSync, statSync } from "node:fs";
import { fileErrorText } from "../telemetry/os-error.ts";

/** The bundles of operating systems have a quarter of this. */
const maxBytes = 1 << 20;

/**
 * A file of certificates or keys. Pipes and devices are not opened: they could keep the whole program waiting.
 * @throws Error naming the file: `open /x: no such file or directory`
 */
export function readTlsFile(path: string): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile() && !stats.isDirectory()) throw new Error("not a regular file");
    if (stats.size > maxBytes) throw new Error("larger than 1 MiB, which no certificate is");
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(fileErrorText(path, error), { cause: error });
  }
}
