import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must, toolEnvironment } from "./command.ts";
import { cacheRoot } from "./paths.ts";
import { isDebian, osRelease, proxies } from "./system.ts";

/** Another Debian suite than the machine's. */
export type Suite = "bullseye" | "trixie" | "sid";

/** Packages to unpack, and what to make of them. */
export interface SuitePackages {
  readonly suite: Suite;
  /** Names of Debian packages. */
  readonly packages: readonly string[];
  /** Where they go: a folder of the cache, such as `engines/sid`. */
  readonly folder: string;
  /** What they are, for the log: `the engine of Debian sid`. */
  readonly what: string;
  /**
   * Makes a `folder` useful whose `tree` holds the packages' files, and gives the version of what is in them. The folder
   * is moved afterwards, so links in it are relative.
   */
  readonly arrange: (folder: string) => Promise<string>;
}

/** Packages unpacked in the cache, or the reason why they are not. */
export type Unpacked =
  | { readonly kind: "ready"; readonly folder: string; readonly version: string }
  | { readonly kind: "unavailable"; readonly reason: string };

/**
 * Unpacks packages of another Debian suite into the cache, once; nothing is installed. Suites move, so the version is
 * whatever they hold on the day, and a machine without that access gets the reason instead of an exception.
 */
export async function unpackSuitePackages(
  wanted: SuitePackages,
  log: (line: string) => void,
): Promise<Unpacked> {
  const folder = path.join(cacheRoot, wanted.folder);
  if (!existsSync(path.join(folder, "version"))) {
    if (!isDebian()) return { kind: "unavailable", reason: `${wanted.what} needs Debian's apt` };
    log(`fetching ${wanted.what} into .cache (files only, nothing is installed)`);
    try {
      await fetchInto(folder, wanted);
    } catch (error) {
      return { kind: "unavailable", reason: error instanceof Error ? error.message : String(error) };
    }
  }
  return { kind: "ready", folder, version: readFileSync(path.join(folder, "version"), "utf8").trim() };
}

async function fetchInto(folder: string, { suite, packages, arrange }: SuitePackages): Promise<void> {
  const work = `${folder}.${String(process.pid)}.tmp`;
  const env = aptEnvironment();
  try {
    mkdirSync(path.join(work, "lists/partial"), { recursive: true });
    mkdirSync(path.join(work, "cache/archives/partial"), { recursive: true });
    const out = path.join(work, "out");
    mkdirSync(out);
    const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    const source = `deb [signed-by=${keyring}] ${await mirror()} ${suite} main\n`;
    writeFileSync(path.join(work, "sources.list"), source);
    await must("apt-get", [...aptOptions(work), "update", "-qq"], { env });
    await must("apt-get", [...aptOptions(work), "download", "-qq", ...packages], { env, cwd: work });
    for (const deb of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      await must("dpkg", ["-x", path.join(work, deb), path.join(out, "tree")]);
    }
    writeFileSync(path.join(out, "version"), await arrange(out));
    if (existsSync(path.join(folder, "version"))) return; // another process was faster
    rmSync(folder, { recursive: true, force: true });
    renameSync(out, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
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
