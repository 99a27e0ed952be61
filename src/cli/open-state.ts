import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import path from "node:path";
import { errorText } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { CommandError } from "./command-error.ts";

/** Where the manager keeps what must outlive it (docs/state.md). */
export interface ManagerState {
  readonly store: Store;
  /** Other managers may use the same store. */
  readonly shared: boolean;
  /** False: another manager of this machine may be keeping the same containers where they are wanted, so this one does not. */
  readonly keeps: boolean;
  /** For the log. */
  readonly warnings: readonly string[];
}

export interface StateSettings {
  /** The discovery URI. */
  readonly uri: string;
  readonly discoveryOptions: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  /** `--state-dir`: a path, `auto`, or `none` (also `""`). Default `auto`. */
  readonly directory?: string;
  /** How long ZooKeeper keeps a session without a sign of us, milliseconds. */
  readonly sessionMs?: number | undefined;
  /** How long to wait for another manager that is just ending to let go of the directory, milliseconds. Default 3 s. */
  readonly patienceMs?: number;
}

/**
 * Opens the place where state is kept: the KV store of discovery, else a directory, else memory. The stores are loaded only now: `swarm health` and
 * its like start without them.
 * @throws CommandError when a directory that was asked for cannot be used
 */
export async function openState(settings: StateSettings): Promise<ManagerState> {
  const { uri, discoveryOptions, env, directory = "auto", sessionMs, patienceMs = 3_000 } = settings;
  const asked = !["auto", "none", ""].includes(directory);
  if (/^(consul|etcd|zk):\/\//.test(uri)) {
    const { parseStoreUrl } = await import("../store/store-url.ts");
    const { openServerStore } = await import("../store/open.ts");
    const url = parseStoreUrl(uri);
    if (url.scheme === "consul" || url.scheme === "etcd" || url.scheme === "zk") {
      const options = { options: discoveryOptions, env, ...(sessionMs === undefined ? {} : { sessionMs }) };
      const warnings = asked
        ? [`--state-dir is not used: state is kept in ${url.scheme}, as discovery is`]
        : [];
      return { store: openServerStore(url, options), shared: true, keeps: true, warnings };
    }
  }
  if (directory === "none" || directory === "") return await inMemory();
  if (asked) return await openAsked(path.resolve(directory), patienceMs);
  const home = env.HOME ?? "";
  if (!path.isAbsolute(home)) {
    return await inMemory(`state is kept in memory only, since HOME is not set: ${REMEDY}`);
  }
  return await openDefault(defaultDirectory(home, uri), patienceMs);
}

const REMEDY = "give --state-dir a directory, or none to do without";

/** One directory for each cluster: several managers of one user do not get in each other's way. */
export function defaultDirectory(home: string, uri: string): string {
  const hash = createHash("sha256").update(uri.trim()).digest("hex").slice(0, 12);
  return path.join(home, ".swarm", hash);
}

async function openAsked(directory: string, patienceMs: number): Promise<ManagerState> {
  try {
    return await openDirectory(directory, patienceMs);
  } catch (error) {
    throw new CommandError(
      `--state-dir ${directory} cannot be used: ${reason(error)}. It must be a directory this user can write, for this manager alone`,
      { cause: error },
    );
  }
}

/** Nobody asked for it, so without it the manager starts as the original would, which kept nothing. */
async function openDefault(directory: string, patienceMs: number): Promise<ManagerState> {
  try {
    return await openDirectory(directory, patienceMs);
  } catch (error) {
    const kept = `state is kept in memory only, since ${directory} cannot be used: ${reason(error)}`;
    // What is not there nobody uses.
    if (!mayExist(directory)) return await inMemory(`${kept}; ${REMEDY}`);
    const idle = "containers are not moved, which another manager of this machine may be doing";
    return { ...(await inMemory(`${kept}; ${idle}; ${REMEDY}`)), keeps: false };
  }
}

async function openDirectory(directory: string, patienceMs: number): Promise<ManagerState> {
  const { openStore } = await import("../store/open.ts");
  const warnings: string[] = [];
  const store = await openStore(`file://${directory}`, {
    directoryWaitMs: patienceMs,
    onDamaged: (file) =>
      warnings.push(`${file} was damaged and is set aside as ${file}.damaged: what it said is forgotten`),
  });
  return { store, shared: false, keeps: true, warnings };
}

async function inMemory(...warnings: string[]): Promise<ManagerState> {
  const { openStore } = await import("../store/open.ts");
  return { store: await openStore("memory://"), shared: false, keeps: true, warnings };
}

function mayExist(directory: string): boolean {
  try {
    lstatSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}

/** Without the store's name before it, which says the same. */
const reason = (error: unknown): string => errorText(error).replace(/^file:\/\/[^:]*: /, "");
