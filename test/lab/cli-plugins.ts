import { existsSync } from "node:fs";
import path from "node:path";
import { must } from "./command.ts";
import { unpackSuitePackages } from "./suite-packages.ts";

/** Plugins of the docker command line client. */
export interface CliPlugins {
  /** The program of `docker compose`, version 2. */
  readonly compose: string;
  /** The program of `docker buildx`. */
  readonly buildx: string;
  /** `compose 2.40.3, buildx 0.29.1` */
  readonly version: string;
}

/** Where packages put plugins, below the root. */
const pluginFolders = [
  "usr/libexec/docker/cli-plugins",
  "usr/lib/docker/cli-plugins",
  "usr/local/lib/docker/cli-plugins",
];

/**
 * The plugins of Debian sid, unpacked into the cache; where that cannot be done, those this machine has.
 * @throws {Error} with the reason and the remedy when there are none.
 */
export async function cliPlugins(log: (line: string) => void): Promise<CliPlugins> {
  const unpacked = await unpackSuitePackages(
    {
      suite: "sid",
      packages: ["docker-compose", "docker-buildx"],
      folder: "cli-plugins",
      what: "docker compose and buildx of Debian sid",
      arrange: async (folder) => await versions(pluginsBelow(path.join(folder, "tree"))),
    },
    log,
  );
  if (unpacked.kind === "ready") {
    const { compose, buildx } = pluginsBelow(path.join(unpacked.folder, "tree"));
    return { compose: compose!, buildx: buildx!, version: unpacked.version };
  }
  const installed = pluginsBelow("/");
  const remedy = "install the docker CLI plugins compose (version 2) and buildx";
  if (installed.compose === undefined || installed.buildx === undefined)
    throw new Error(`docker compose and buildx are not available: ${unpacked.reason}\n${remedy}`);
  return { compose: installed.compose, buildx: installed.buildx, version: await versions(installed) };
}

interface Found {
  readonly compose: string | undefined;
  readonly buildx: string | undefined;
}

function pluginsBelow(root: string): Found {
  const find = (name: string) =>
    pluginFolders.map((folder) => path.join(root, folder, name)).find((file) => existsSync(file));
  return { compose: find("docker-compose"), buildx: find("docker-buildx") };
}

async function versions({ compose, buildx }: Found): Promise<string> {
  if (compose === undefined || buildx === undefined)
    throw new Error("the packages hold no docker-compose or no docker-buildx");
  const said = [
    ["compose", await must(compose, ["version", "--short"])],
    ["buildx", await must(buildx, ["version"])],
  ] as const;
  return said.map(([name, text]) => `${name} ${/\d+\.\d+\.\d+/.exec(text)?.[0] ?? "unknown"}`).join(", ");
}
