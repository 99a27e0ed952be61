import { readFile, stat } from "node:fs/promises";
import { fileErrorText } from "../src/telemetry/os-error.ts";
import { parseAddress, withoutDuplicates } from "./address.ts";
import { watchFile, type Changes } from "./file-changes.ts";
import { expandPattern, maxAddresses, TooManyAddressesError } from "./pattern.ts";
import { pause } from "./timing.ts";
import type { Discovery, DiscoverySettings, DiscoveryUpdate, EngineAddress } from "./types.ts";

/** What `file://` needs from the machine; tests bring their own. */
export interface FileWorld {
  readonly read: (path: string) => Promise<string>;
  readonly watch: (path: string) => Changes;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A changed file counts once two looks this far apart agree: nobody is writing it any more. */
const settleMs = 100;
/** An emptied file gets longer: many editors and scripts truncate first and write later. */
const emptyGraceMs = 1000;
/** A file that will not settle is left to the next change or heartbeat. */
const maxLooks = 20;
const maxFileBytes = 4 * 2 ** 20;
const maxWarnings = 20;

/** One look at the file: its text, or why there is none. */
type Look =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "failed"; readonly error: Error };

/**
 * `file://path`: one pattern a line, `#` begins a comment. Read at start, at each heartbeat and when it changes on disk
 * (spec: discovery.md §8). Malformed lines are skipped with a warning each.
 * @throws Error when the path is empty
 */
export function createFileDiscovery(
  path: string,
  { heartbeatMs }: DiscoverySettings,
  world: FileWorld = realWorld,
): Discovery {
  if (path === "") throw new Error("file:// needs the path of a file");
  return {
    notices: [],
    isKeptAlive: false,
    registrar: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    description: `file://${path}`,
    async *watch(signal) {
      using changes = world.watch(path);
      let current: readonly EngineAddress[] = [];
      let seen: Look | undefined;
      for (;;) {
        // Before the look, so that whatever comes after it is noticed.
        if (seen?.kind === "failed") changes.reset();
        const look = await settledLook(path, seen, current.length > 0, world, signal);
        if (signal.aborted) return;
        if (look !== undefined && (look.kind === "failed" || !sameLook(look, seen))) {
          const update = interpret(path, look);
          if (update.kind === "entries") current = update.addresses;
          yield update;
        }
        seen = look ?? seen;
        await changes.next(heartbeatMs, signal);
      }
    },
  };
}

/** Looks until two looks agree. Only the very first look, which has nothing to protect, counts at once. */
async function settledLook(
  path: string,
  seen: Look | undefined,
  hasEngines: boolean,
  world: FileWorld,
  signal: AbortSignal,
): Promise<Look | undefined> {
  let look = await lookAt(path, world);
  if (seen === undefined || sameLook(look, seen)) return look;
  for (let looks = 1; looks < maxLooks && !signal.aborted; looks++) {
    const emptied = hasEngines && look.kind === "text" && isEmpty(look.text);
    await world.pause(emptied ? emptyGraceMs : settleMs, signal);
    const again = await lookAt(path, world);
    if (sameLook(again, look)) return again;
    look = again;
  }
  return undefined;
}

async function lookAt(path: string, world: FileWorld): Promise<Look> {
  try {
    return { kind: "text", text: await world.read(path) };
  } catch (cause) {
    const error = new Error(`failed to read '${path}': ${fileErrorText(path, cause)}`, { cause });
    return { kind: "failed", error };
  }
}

function sameLook(a: Look, b: Look | undefined): boolean {
  if (a.kind === "text") return b?.kind === "text" && a.text === b.text;
  return b?.kind === "failed" && a.error.message === b.error.message;
}

function interpret(path: string, look: Look): DiscoveryUpdate {
  if (look.kind === "failed") return { kind: "error", error: look.error };
  const addresses: EngineAddress[] = [];
  const faults: string[] = [];
  for (const { number, pattern } of patternLines(look.text)) {
    try {
      const texts = expandPattern(pattern, maxAddresses - addresses.length);
      addresses.push(...texts.map(parseAddress));
    } catch (error) {
      if (error instanceof TooManyAddressesError) {
        return { kind: "error", error: new Error(`'${path}' names ${error.message}`, { cause: error }) };
      }
      faults.push(`${path}:${number}: ${(error as Error).message}`);
    }
  }
  if (addresses.length === 0 && faults.length > 0) {
    // Nothing but malformed lines: more likely the wrong file than the end of the cluster.
    return { kind: "error", error: new Error(`no valid address in '${path}': ${faults[0]}`) };
  }
  const warnings = faults.slice(0, maxWarnings);
  if (faults.length > maxWarnings)
    warnings.push(`${path}: ${faults.length - maxWarnings} more malformed lines`);
  if (addresses.length === 0) warnings.push(`'${path}' lists no engines`);
  return { kind: "entries", addresses: withoutDuplicates(addresses), warnings };
}

function patternLines(text: string): { readonly number: number; readonly pattern: string }[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, index) => ({ number: index + 1, pattern: line.replace(/#.*/s, "").trim() }))
    .filter(({ pattern }) => pattern !== "");
}

function isEmpty(text: string): boolean {
  return patternLines(text).length === 0;
}

/** The disk and the clock. */
export const realWorld: FileWorld = {
  async read(path) {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`);
    return await readFile(path, "utf8");
  },
  watch: watchFile,
  pause,
};
