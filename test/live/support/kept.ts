import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** What a state directory says of one container. */
export interface Kept {
  readonly name: string;
  readonly run: "running" | "stopped";
  readonly detail: {
    readonly networks?: Readonly<Record<string, unknown>>;
    readonly localNetworks: readonly { readonly Name: string }[];
  };
}

/** The containers that a state directory knows, by name. */
export function keptIn(stateDir: string): ReadonlyMap<string, Kept> {
  const folder = path.join(stateDir, "entries");
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /wanted.*\.json$/.test(name)) : [];
  const entries = files.flatMap((name): Kept[] => {
    const text = read(path.join(folder, name));
    if (text === undefined) return [];
    return [JSON.parse((JSON.parse(text) as { readonly value: string }).value) as Kept];
  });
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** Undefined: it was removed since it was listed. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
