import path from "node:path";
import type { CommandResult } from "../../lab/command.ts";
import { run, toolEnvironment } from "../../lab/command.ts";
import { repositoryRoot } from "../../lab/paths.ts";
import { lab } from "../support/fixtures.ts";
import type { Manager } from "../support/manager.ts";

/** Runs `swarm <args>` against a manager as an operator does, for a minute at most. */
export async function swarm(manager: Manager, ...args: readonly string[]): Promise<CommandResult> {
  const built = process.env.SWARM_TEST_DIST === "1";
  const program = built
    ? [path.join(repositoryRoot, "dist/src/main.js")]
    : ["--import", "tsx", path.join(repositoryRoot, "src/main.ts")];
  return await run("timeout", ["-k", "1", "60", process.execPath, ...program, ...args], {
    env: { ...toolEnvironment(lab().mark), DOCKER_HOST: manager.url },
  });
}
