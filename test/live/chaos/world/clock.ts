import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must } from "../../../lab/command.ts";
import { unpackSuitePackages } from "../../../lab/suite-packages.ts";

/** A library that shifts the wall clock of a program, or why there is none. */
export type ClockShifter =
  | { readonly kind: "ready"; readonly library: string }
  | { readonly kind: "unavailable"; readonly reason: string };

/** Unpacks libfaketime into the cache, once; nothing is installed. */
export async function fetchClockShifter(log: (line: string) => void): Promise<ClockShifter> {
  const found = await unpackSuitePackages(
    {
      suite: "bullseye", // its C library is older than any this runs on
      packages: ["libfaketime"],
      folder: "tools/faketime",
      what: "libfaketime of Debian bullseye",
      arrange: async (folder) => {
        const library = libraryIn(folder);
        await must("env", [`LD_PRELOAD=${library}`, "FAKETIME=+1d", "date"]);
        return "1";
      },
    },
    log,
  );
  if (found.kind === "unavailable") return found;
  return { kind: "ready", library: libraryIn(found.folder) };
}

function libraryIn(folder: string): string {
  const lib = path.join(folder, "tree/usr/lib");
  for (const arch of readdirSync(lib)) {
    const file = path.join(lib, arch, "faketime/libfaketime.so.1");
    if (existsSync(file)) return file;
  }
  throw new Error("no libfaketime.so.1 in the package");
}

/** The environment of a program whose wall clock follows a file. Its monotonic clock is left alone. */
export function shiftedClock(library: string, file: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
    DONT_FAKE_MONOTONIC: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

/** Makes the clock that follows this file jump, within a second. */
export function shiftClock(file: string, seconds: number): void {
  writeFileSync(file, `${seconds < 0 ? "-" : "+"}${String(Math.abs(seconds))}s\n`);
}
