import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DirectoryOwner } from "./directory-owner.ts";
import { MemoryBackend } from "./memory.ts";
import { StoreError } from "./store-error.ts";
import { Tree } from "./tree.ts";
import type { Leaf } from "./tree.ts";

/** A directory of one process, one file an entry; all of it is in memory too. Several backends may share it. */
export class StateDirectory {
  readonly tree: Tree;
  readonly #owner: DirectoryOwner;

  private constructor(tree: Tree, owner: DirectoryOwner) {
    this.tree = tree;
    this.#owner = owner;
  }

  /**
   * Takes the directory, made if it is missing (mode 0700), and reads it.
   * @param onDamaged hears of each file that cannot be understood, which is then set aside under its name and `.damaged`
   * @throws {StoreError} `failed` when another process uses it, or a file in it cannot be understood and nobody is to hear of it.
   */
  static async open(
    directory: string,
    waitMs = 5000,
    onDamaged?: (file: string) => void,
  ): Promise<StateDirectory> {
    const folder = path.join(directory, "entries");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const owner = await DirectoryOwner.take(directory, waitMs);
    try {
      const leaves = await readLeaves(folder, onDamaged);
      const tree = new Tree(String(owner.generation), leaves, async (change) => {
        await owner.assertOurs();
        if ("gone" in change) await remove(folder, fileName(change.gone));
        else await write(folder, fileName(change.key), JSON.stringify(change));
      });
      return new StateDirectory(tree, owner);
    } catch (error) {
      await owner.release();
      throw error;
    }
  }

  /** Waits for writes under way and gives the directory to the next process. */
  async close(): Promise<void> {
    await this.tree.close();
    await this.#owner.release();
  }
}

/** How to open a {@link StateDirectory}. */
export interface DirectoryOptions {
  /** How long another process may take to let go, milliseconds. */
  readonly waitMs?: number | undefined;
  readonly onDamaged?: ((file: string) => void) | undefined;
}

/** A store in a {@link StateDirectory}, which closes with it. */
export class FileBackend extends MemoryBackend {
  readonly #directory: StateDirectory;

  private constructor(directory: StateDirectory) {
    super(directory.tree);
    this.#directory = directory;
  }

  static async open(directory: string, { waitMs, onDamaged }: DirectoryOptions = {}): Promise<FileBackend> {
    try {
      return new FileBackend(await StateDirectory.open(directory, waitMs, onDamaged));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError("failed", `file://${directory}: ${(error as Error).message}`, { cause: error });
    }
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#directory.close();
  }
}

const DRAFT = "draft";

async function readLeaves(folder: string, onDamaged: ((file: string) => void) | undefined): Promise<Leaf[]> {
  const leaves: Leaf[] = [];
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (name === DRAFT) await rm(file, { force: true }); // its writer died
    if (!name.endsWith(".json")) continue;
    const leaf = await readFile(file, "utf8").then(parseLeaf, () => undefined);
    if (leaf === undefined || fileName(leaf.key) !== name) {
      if (onDamaged === undefined) {
        throw new StoreError(
          "failed",
          `${file} is damaged: restore it, or remove it to do without that entry`,
        );
      }
      await rename(file, `${file}.damaged`);
      onDamaged(file);
      continue;
    }
    if (leaf.expiresAt !== undefined && leaf.expiresAt <= Date.now()) await remove(folder, name);
    else leaves.push(leaf);
  }
  return leaves;
}

function parseLeaf(text: string): Leaf | undefined {
  try {
    const leaf = JSON.parse(text) as Partial<Record<keyof Leaf, unknown>>;
    const strings = [leaf.key, leaf.value, leaf.revision].every((field) => typeof field === "string");
    const expiry = leaf.expiresAt === undefined || typeof leaf.expiresAt === "number";
    return strings && expiry ? (leaf as Leaf) : undefined;
  } catch {
    return undefined;
  }
}

/** The key where it can be read, a digest of it where it would be too long a name. */
function fileName(key: string): string {
  const name = encodeURIComponent(key);
  if (name.length <= 200) return `${name}.json`;
  return `${name.slice(0, 120)}~${createHash("sha256").update(key).digest("hex")}.json`;
}

/** Old or new, never half: a draft is written through to the disk, then takes the name, then the name is. */
async function write(folder: string, name: string, text: string): Promise<void> {
  const draft = path.join(folder, DRAFT); // one write at a time
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path.join(folder, name));
  await syncFolder(folder);
}

async function remove(folder: string, name: string): Promise<void> {
  await rm(path.join(folder, name), { force: true });
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
