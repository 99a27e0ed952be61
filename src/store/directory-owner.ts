import { link, readdir, readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { randomUUID } from "node:crypto";
import { pause } from "./deadline.ts";
import { StoreError } from "./store-error.ts";

const beatMs = 2000;
const staleMs = 10_000;

/** A process, told apart from a later one with the same number. Empty strings where the system does not say. */
interface Identity {
  readonly pid: number;
  readonly startTicks: string;
  readonly boot: string;
  readonly pidNamespace: string;
}

type Owner = Identity & { readonly released?: boolean };

/**
 * The exclusive use of a directory by one process: `owner.N` with the highest N names the owner. Taking over means
 * creating `owner.N+1`, which only one can. An owner on this system is asked for by its process; one that cannot be seen
 * (another container, before a reboot) counts as gone when its file was not touched for 10 s, by our own clock.
 */
export class DirectoryOwner {
  /** How often the directory was taken; grows with each owner. */
  readonly generation: number;
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;
  #lost = false;

  private constructor(folder: string, generation: number) {
    this.#folder = folder;
    this.generation = generation;
    this.#timer = setInterval(() => void this.#beat(), beatMs);
    this.#timer.unref();
  }

  /**
   * Waits up to `waitMs` for a living owner to let go, and as long as it takes to know that an unseen one is gone.
   * @throws {StoreError} `failed`, naming the owner.
   */
  static async take(folder: string, waitMs: number): Promise<DirectoryOwner> {
    const begin = performance.now();
    let seen: { readonly mark: string; readonly at: number } | undefined;
    for (;;) {
      const generation = await highest(folder);
      const state = generation === 0 ? "gone" : await stateOf(folder, generation);
      if (state === "gone") {
        if (await claim(folder, generation + 1)) return new DirectoryOwner(folder, generation + 1);
        continue;
      }
      if (state.mark !== seen?.mark) seen = { mark: state.mark, at: performance.now() };
      const unseen = !state.visible;
      if (unseen && performance.now() - seen.at > staleMs) {
        if (await claim(folder, generation + 1)) return new DirectoryOwner(folder, generation + 1);
        continue;
      }
      if (performance.now() - begin > Math.max(waitMs, unseen ? staleMs + beatMs : 0)) {
        throw new StoreError("failed", `${folder} is in use by process ${state.pid}: one program at a time`);
      }
      await pause(50);
    }
  }

  /** @throws {StoreError} `failed` when another process has taken the directory while this one stood still. */
  async assertOurs(): Promise<void> {
    await this.#beat();
    if (this.#lost) {
      throw new StoreError(
        "failed",
        `${this.#folder} was taken over by another process while this one stood still`,
      );
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#lost) return;
    const file = path.join(this.#folder, `owner.${this.generation}`);
    await writeFile(file, JSON.stringify({ ...(await identity()), released: true }));
  }

  async #beat(): Promise<void> {
    try {
      const now = new Date();
      await utimes(path.join(this.#folder, `owner.${this.generation}`), now, now);
      if ((await highest(this.#folder)) !== this.generation) this.#lost = true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") this.#lost = true;
    }
  }
}

async function highest(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(/^owner\.(\d+)$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

/** `gone`, or what is known of an owner that may live; `mark` changes with each sign of life. */
async function stateOf(
  folder: string,
  generation: number,
): Promise<"gone" | { readonly pid: number; readonly visible: boolean; readonly mark: string }> {
  const file = path.join(folder, `owner.${generation}`);
  try {
    const owner = JSON.parse(await readFile(file, "utf8")) as Owner;
    if (owner.released === true) return "gone";
    const { mtimeMs } = await stat(file);
    const self = await identity();
    const visible = owner.boot === self.boot && owner.pidNamespace === self.pidNamespace;
    if (visible && (await startTicks(owner.pid)) !== owner.startTicks) return "gone";
    return { pid: owner.pid, visible, mark: `${generation} ${mtimeMs}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return { pid: 0, visible: true, mark: "" }; // taken over this very moment: look again
    }
    return { pid: 0, visible: false, mark: `${generation} unreadable` };
  }
}

/** Creates `owner.N` whole or not at all; `false` when another process was faster. */
async function claim(folder: string, generation: number): Promise<boolean> {
  const draft = path.join(folder, `draft.${randomUUID()}`);
  await writeFile(draft, JSON.stringify(await identity()), { flag: "wx", mode: 0o600 });
  try {
    await link(draft, path.join(folder, `owner.${generation}`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await rm(path.join(folder, `owner.${generation - 1}`), { force: true });
  return true;
}

async function identity(): Promise<Identity> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const pidNamespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return {
    pid: process.pid,
    startTicks: (await startTicks(process.pid)) ?? "",
    boot: boot.trim(),
    pidNamespace,
  };
}

/** When a process was started, in the kernel's ticks; `""` where only its existence is known, `undefined`: none. */
async function startTicks(pid: number): Promise<string | undefined> {
  try {
    const fields = await readFile(`/proc/${pid}/stat`, "utf8");
    return fields.slice(fields.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return "";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "" : undefined;
  }
}
