import { open, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parseAddress } from "../../discovery/address.ts";
import { errorText } from "../errors.ts";
import { fileErrorText } from "../telemetry/os-error.ts";
import type { SavedCluster } from "./types.ts";

/** The file's first line says what it is and how much belongs to it. */
interface Head {
  readonly format: "swarm-discovery-service";
  readonly version: 1;
  readonly clusters: number;
}

const maxBytes = 256 * 2 ** 20;

/** What a token looks like: 128 bits, 32 lower-case hex digits. */
export const tokenPattern = /^[0-9a-f]{32}$/;

/**
 * Reads what {@link writeClusters} wrote; a file that is not there holds nothing.
 * @throws Error naming the file, the line and the remedy: an unreadable file is not replaced by an empty one
 */
export async function readClusters(file: string): Promise<readonly SavedCluster[]> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new Error(`larger than ${maxBytes} bytes`);
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new Error(`cannot read the clusters: ${fileErrorText(file, error)}`, { cause: error });
  }
  let number = 1;
  try {
    const [first = "", ...lines] = text.split("\n");
    const { clusters } = parseHead(first);
    const rest = lines.pop();
    if (rest !== "" || lines.length !== clusters) {
      number = lines.length + 1;
      throw new Error(`${clusters} whole lines announced, ${lines.length} found${rest ? " and a part" : ""}`);
    }
    return lines.map((line) => {
      number++;
      return parseCluster(line);
    });
  } catch (error) {
    throw new Error(
      `${file} is damaged (line ${number}: ${errorText(error)}): restore it from a backup, or move it away to begin without clusters`,
      { cause: error },
    );
  }
}

/** Old or new, never half: a draft is written through to the disk, then takes the name, then the folder is. */
export async function writeClusters(file: string, lines: readonly string[]): Promise<void> {
  const head: Head = { format: "swarm-discovery-service", version: 1, clusters: lines.length };
  const draft = `${file}.draft`;
  // What lies there is not written to: it may be readable by others, or a link.
  await rm(draft, { force: true });
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${[JSON.stringify(head), ...lines].join("\n")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const folder = await open(path.dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function parseHead(line: string): Head {
  const head = JSON.parse(line) as Partial<Head> | null;
  if (head?.format !== "swarm-discovery-service") throw new Error("not a file of this service");
  if (head.version !== 1) throw new Error("written by another version of this program");
  return head as Head;
}

function parseCluster(line: string): SavedCluster {
  const value = JSON.parse(line) as Partial<Record<keyof SavedCluster, unknown>> | null;
  const { token, emptySince, entries } = value ?? {};
  if (typeof token !== "string" || !tokenPattern.test(token)) throw new Error("no token");
  if (emptySince !== null && !isMs(emptySince)) throw new Error("no date");
  if (typeof entries !== "object" || entries === null) throw new Error("no entries");
  for (const [address, ttlMs] of Object.entries(entries)) {
    parseAddress(address);
    if (!isMs(ttlMs)) throw new Error(`no life of ${address}`);
  }
  return { token, emptySince, entries: entries as SavedCluster["entries"] };
}

function isMs(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
