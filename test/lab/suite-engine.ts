import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { must, toolEnvironment } from "./command.ts";
import { cacheRoot } from "./paths.ts";
import { isDebian, osRelease, proxies } from "./system.ts";

/** A newer Debian suite with a newer engine: trixie has 26, sid 28. */
export type EngineSuite = "trixie" | "sid";

/** An engine unpacked beside the system's, or the reason why there is none. */
export type SuiteEngine =
  | { readonly kind: "ready"; /** Goes first in PATH. */ readonly bin: string; readonly version: string }
  | { readonly kind: "unavailable"; readonly reason: string };

const packages = ["docker.io", "containerd"];
/** Not runc: the newer suites' one needs a newer libc, the system's one serves these engines just as well. */
const programs = ["dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy"];

/**
 * Unpacks the engine of another Debian suite into the cache; nothing is installed. Suites move, so the version is
 * whatever they hold on the day, and a machine without that access gets the reason instead of an exception.
 */
export async function fetchSuiteEngine(
  suite: EngineSuite,
  log: (line: string) => void,
): Promise<SuiteEngine> {
  const folder = path.join(cacheRoot, "engines", suite);
  if (!existsSync(path.join(folder, "version"))) {
    if (!isDebian())
      return { kind: "unavailable", reason: `the engine of Debian ${suite} needs Debian's apt` };
    log(`fetching the engine of Debian ${suite} into .cache (files only, nothing is installed)`);
    try {
      await fetchInto(folder, suite);
    } catch (error) {
      return { kind: "unavailable", reason: error instanceof Error ? error.message : String(error) };
    }
  }
  const version = readFileSync(path.join(folder, "version"), "utf8").trim();
  return { kind: "ready", bin: path.join(folder, "bin"), version };
}

async function fetchInto(folder: string, suite: EngineSuite): Promise<void> {
  const work = `${folder}.${String(process.pid)}.tmp`;
  try {
    mkdirSync(path.join(work, "lists/partial"), { recursive: true });
    mkdirSync(path.join(work, "cache/archives/partial"), { recursive: true });
    mkdirSync(path.join(work, "out/bin"), { recursive: true });
    const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    writeFileSync(
      path.join(work, "sources.list"),
      `deb [signed-by=${keyring}] ${await mirror()} ${suite} main\n`,
    );
    await must("apt-get", [...aptOptions(work), "update", "-qq"], { env: aptEnvironment() });
    await must("apt-get", [...aptOptions(work), "download", "-qq", ...packages], {
      env: aptEnvironment(),
      cwd: work,
    });
    const out = path.join(work, "out");
    for (const deb of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      await must("dpkg", ["-x", path.join(work, deb), path.join(out, "tree")]);
    }
    for (const program of programs) link(out, program);
    const version = /version ([^,\s]+)/.exec(await must(path.join(out, "bin/dockerd"), ["--version"]))?.[1];
    writeFileSync(path.join(out, "version"), version ?? "unknown");
    rmSync(folder, { recursive: true, force: true });
    renameSync(out, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Links `bin/program` to wherever the packages put it. Relative, so that the folder can be moved. */
function link(out: string, program: string): void {
  const place = ["usr/bin", "usr/sbin", "usr/libexec/docker"].find((dir) =>
    existsSync(path.join(out, "tree", dir, program)),
  );
  if (place === undefined) throw new Error(`the packages hold no ${program}`);
  symlinkSync(path.join("../tree", place, program), path.join(out, "bin", program));
}

/** Sources, lists and cache of our own: the system's package state is neither read nor changed. */
function aptOptions(work: string): string[] {
  const settings = {
    "Dir::Etc::sourcelist": path.join(work, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": path.join(work, "lists"),
    "Dir::Cache": path.join(work, "cache"),
    "Dir::State::status": "/dev/null",
    "APT::Get::List-Cleanup": "0",
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** The mirror this machine's own apt uses. */
async function mirror(): Promise<string> {
  const env = aptEnvironment();
  const ask = async () => {
    const format = ["--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"];
    const lines = (await must("apt-get", ["indextargets", ...format], { env })).split("\n");
    const wanted = ` ${osRelease("VERSION_CODENAME") ?? ""} main`;
    return lines.find((line) => line.endsWith(wanted))?.split(" ")[0];
  };
  const known = await ask();
  if (known !== undefined) return known;
  await must("apt-get", ["update", "-qq"], { env });
  const found = await ask();
  if (found === undefined) throw new Error("apt knows no mirror for the main packages of this Debian");
  return found;
}

function aptEnvironment(): NodeJS.ProcessEnv {
  return toolEnvironment(proxies());
}
