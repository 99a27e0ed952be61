import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cliPlugins } from "../../lab/cli-plugins.ts";
import { dockerCli } from "../../lab/docker-cli.ts";
import type { Docker } from "./docker-cli.ts";
import { lab } from "./fixtures.ts";

/** A configuration folder of the docker client for one test: with its plugins, with logins if any, forgotten afterwards. */
export class ClientConfig implements Disposable {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** For programs that run the docker client, or read its configuration. */
  get env(): NodeJS.ProcessEnv {
    return { DOCKER_CONFIG: this.folder };
  }

  /** The docker client with this configuration, bound to an endpoint. */
  at(url: string): Docker {
    return async (args, options = {}) =>
      await dockerCli(url, args, { ...options, env: { ...this.env, ...options.env } });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes a {@link ClientConfig} that knows `docker compose` and `docker buildx`. `settings` is its `config.json`. */
export async function clientConfig(settings: Readonly<Record<string, unknown>> = {}): Promise<ClientConfig> {
  const { compose, buildx } = await cliPlugins((line) => console.log(`  lab: ${line}`));
  const folder = mkdtempSync(path.join(lab().folder, "client-"));
  mkdirSync(path.join(folder, "cli-plugins"));
  symlinkSync(compose, path.join(folder, "cli-plugins/docker-compose"));
  symlinkSync(buildx, path.join(folder, "cli-plugins/docker-buildx"));
  writeFileSync(path.join(folder, "config.json"), JSON.stringify(settings));
  return new ClientConfig(folder);
}
