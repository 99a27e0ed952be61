import path from "node:path";
import { cacheRoot } from "./paths.ts";
import { run, toolEnvironment } from "./command.ts";
import type { CommandResult } from "./command.ts";

/** How to run the docker command. */
export interface DockerOptions {
  /** Standard input; `/dev/null` when absent. */
  readonly input?: string | Buffer;
  /** After this long the command and its plugins get SIGTERM, a second later SIGKILL. Default 60 000. */
  readonly timeoutMs?: number;
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Goes before the subcommand, such as `["--tlsverify"]`. */
  readonly globalArgs?: readonly string[];
}

/**
 * Runs the docker command line client against `host` (`tcp://…`), untouched by the user's own contexts, logins and
 * environment. Never hangs: `attach` and `stats` ignore SIGTERM, so `timeout` kills them.
 */
export async function dockerCli(
  host: string,
  args: readonly string[],
  { input, timeoutMs = 60_000, env = {}, globalArgs = [] }: DockerOptions = {},
): Promise<CommandResult> {
  const seconds = (timeoutMs / 1000).toFixed(3);
  const command = ["-k", "1", seconds, "docker", "-H", host, ...globalArgs, ...args];
  return await run("timeout", command, {
    env: dockerEnvironment(env),
    ...(input === undefined ? {} : { input }),
  });
}

/** The environment for the docker client: no `DOCKER_…` of the user's, an empty configuration folder. */
export function dockerEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(toolEnvironment()).filter(([name]) => !/^(DOCKER|COMPOSE|BUILDX)_/.test(name));
  return { ...Object.fromEntries(own), DOCKER_CONFIG: path.join(cacheRoot, "docker-config"), ...extra };
}

/** The environment that makes the docker client use TLS, with the `ca.pem`, `cert.pem` and `key.pem` of a folder. */
export function clientTls(folder: string | undefined): NodeJS.ProcessEnv {
  return folder === undefined ? {} : { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder };
}
