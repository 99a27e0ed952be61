import { chmod, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { errorText } from "../errors.ts";
import { DirectoryOwner } from "../store/directory-owner.ts";
import { osErrorText } from "../telemetry/os-error.ts";
import { readClusters, writeClusters } from "./clusters-file.ts";
import type { SavedCluster } from "./types.ts";

/** The folder of one running service: `clusters.json`, and a mark that keeps a second service out. */
export class DataDirectory implements AsyncDisposable {
  /** What was in it when it was opened. */
  readonly saved: readonly SavedCluster[];
  readonly #file: string;
  readonly #owner: DirectoryOwner;

  private constructor(file: string, owner: DirectoryOwner, saved: readonly SavedCluster[]) {
    this.#file = file;
    this.#owner = owner;
    this.saved = saved;
  }

  /**
   * Makes the folder if need be (only for its user: tokens are secrets) and reads it.
   * @param waitMs how long to wait for another process to let go of it
   * @throws Error naming the folder or file, and the remedy
   */
  static async open(folder: string, waitMs = 5000): Promise<DataDirectory> {
    let owner: DirectoryOwner;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      owner = await DirectoryOwner.take(folder, waitMs);
    } catch (error) {
      const reason = "code" in (error as Error) ? osErrorText(error) : errorText(error);
      throw new Error(`cannot use the data directory ${folder}: ${reason}; choose another with --data-dir`, {
        cause: error,
      });
    }
    const file = path.join(folder, "clusters.json");
    try {
      const saved = await readClusters(file);
      await rm(`${file}.draft`, { force: true }); // of a process that died
      if (saved.length > 0) await chmod(file, 0o600);
      return new DataDirectory(file, owner, saved);
    } catch (error) {
      await owner.release().catch(() => undefined);
      throw error;
    }
  }

  /** Replaces what is saved. @throws Error when the disk does not take it, or the folder is no longer ours */
  async save(lines: readonly string[]): Promise<void> {
    await this.#owner.assertOurs();
    await writeClusters(this.#file, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owner.release().catch(() => undefined); // the next owner finds out by itself
  }
}
