/** What npm writes down about an installed package (`node_modules/.package-lock.json`). */
export interface InstalledPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** By folder: `node_modules/request/node_modules/qs`. */
export type Installed = Readonly<Record<string, InstalledPackage>>;

/** Needed to compile or to type-check, never at run time. */
const buildOnly = /^(@types\/.*|nan|node-addon-api|node-gyp.*|buildcheck|cpu-features)$/;

/**
 * The folders of some packages and of all they need, found as Node finds them: from the innermost `node_modules` outwards.
 * An optional one that is not installed is left out.
 * @throws {Error} naming what is not installed
 */
export function packageFolders(installed: Installed, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (from: string, name: string, optional: boolean): void => {
    if (buildOnly.test(name)) return;
    const folder = resolve(installed, from, name);
    if (folder === undefined) {
      if (optional) return;
      throw new Error(`the package ${name} is not installed: npm ci`);
    }
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = installed[folder] ?? {};
    for (const each of Object.keys(dependencies))
      visit(folder, each, Object.hasOwn(optionalDependencies, each));
    for (const each of Object.keys(optionalDependencies)) visit(folder, each, true);
  };
  for (const name of names) visit("", name, false);
  return [...found].sort();
}

function resolve(installed: Installed, from: string, name: string): string | undefined {
  for (let place = from; ; place = place.slice(0, Math.max(place.lastIndexOf("node_modules/") - 1, 0))) {
    const folder = path(place, name);
    if (Object.hasOwn(installed, folder)) return folder;
    if (place === "") return undefined;
  }
}

const path = (place: string, name: string): string =>
  `${place === "" ? "" : `${place}/`}node_modules/${name}`;

/** The Node the files are for. */
export interface Target {
  readonly platform: string;
  readonly arch: string;
  /** Major version. */
  readonly node: number;
}

const notForUse = /^(\.github|docs?|examples?|tests?)\//;
const neverLoaded = /\.(d\.[cm]?ts|ts|map|md|markdown|flow|cc|cpp|c|h|gyp|gypi|tsbuildinfo)$/i;

/**
 * Whether a file of a package (its path inside it) belongs into the image: what may be loaded, and licences. What was compiled on
 * this machine stays out, for it is there on one machine and not on the next, and everything works without.
 */
export function isLoadable(name: string, file: string, { platform, arch, node }: Target): boolean {
  // It brings a binary for every Node on every system, and takes the one of its own.
  if (name === "deasync" && file.startsWith("bin/")) {
    return file.startsWith(`bin/${platform}-${arch}-node-${String(node)}/`);
  }
  if (/^licen[cs]e/i.test(file)) return true;
  return !neverLoaded.test(file) && !notForUse.test(file) && !file.includes("build/Release/");
}
