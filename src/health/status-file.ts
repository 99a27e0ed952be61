import { constants } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { fileErrorText } from "../telemetry/os-error.ts";
import type { HealthStatus } from "./types.ts";

const maxFileBytes = 16 * 1024;

/** Replaces the status file in one step: whoever reads sees the old status or the new one. @throws what the file system says */
export async function writeStatus(path: string, status: HealthStatus): Promise<void> {
  const draft = draftOf(path, status.pid);
  try {
    // Never through somebody else's link: the folder may be one that everybody writes to.
    await rm(draft, { force: true });
    await writeFile(draft, `${JSON.stringify(status)}\n`, { flag: "wx", mode: 0o644 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Takes the status file away; one that is not there is fine. @throws what the file system says */
export async function removeStatus(path: string): Promise<void> {
  await rm(path, { force: true });
}

/**
 * The text of a status file.
 * @throws Error `open /run/swarm/health: no such file or directory`
 */
export async function readStatus(path: string): Promise<string> {
  try {
    // Without waiting: a pipe must not hold the reader.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxFileBytes), 0, maxFileBytes, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(fileErrorText(path, error), { cause: error });
  }
}

const draftOf = (path: string, pid: number): string => `${path}.${pid}.new`;
