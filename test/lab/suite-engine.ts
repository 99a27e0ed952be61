import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { must } from "./command.ts";
import { unpackSuitePackages } from "./suite-packages.ts";
import type { Suite } from "./suite-packages.ts";

/** A newer Debian suite with a newer engine: trixie has 26, sid 28. */
export type EngineSuite = Suite;

/** An engine unpacked beside the system's, or the reason why there is none. */
export type SuiteEngine =
  | { readonly kind: "ready"; /** Goes first in PATH. */ readonly bin: string; readonly version: string }
  | { readonly kind: "unavailable"; readonly reason: string };

/** Not runc: the newer suites' one needs a newer libc, the system's one serves these engines just as well. */
const programs = ["dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy"];

/** Unpacks the engine of another Debian suite into the cache, see {@link unpackSuitePackages}. */
export async function fetchSuiteEngine(
  suite: EngineSuite,
  log: (line: string) => void,
): Promise<SuiteEngine> {
  const unpacked = await unpackSuitePackages(
    {
      suite,
      packages: ["docker.io", "containerd"],
      folder: path.join("engines", suite),
      what: `the engine of Debian ${suite}`,
      arrange: linkPrograms,
    },
    log,
  );
  if (unpacked.kind === "unavailable") return unpacked;
  return { kind: "ready", bin: path.join(unpacked.folder, "bin"), version: unpacked.version };
}

async function linkPrograms(folder: string): Promise<string> {
  mkdirSync(path.join(folder, "bin"));
  for (const program of programs) link(folder, program);
  const said = await must(path.join(folder, "bin/dockerd"), ["--version"]);
  return /version ([^,\s]+)/.exec(said)?.[1] ?? "unknown";
}

/** Links `bin/program` to wherever the packages put it. Relative, so that the folder can be moved. */
function link(folder: string, program: string): void {
  const place = ["usr/bin", "usr/sbin", "usr/libexec/docker"].find((dir) =>
    existsSync(path.join(folder, "tree", dir, program)),
  );
  if (place === undefined) throw new Error(`the packages hold no ${program}`);
  symlinkSync(path.join("../tree", place, program), path.join(folder, "bin", program));
}
