import { errorText } from "../errors.ts";
import { judgeStatus } from "../health/status.ts";
import { readStatus } from "../health/status-file.ts";
import type { Health } from "../health/types.ts";
import { CommandError } from "./command-error.ts";
import type { CommandWorld } from "./command-world.ts";

/**
 * `swarm health`: one line about the `manage`, `join` or `discovery-service` that runs beside it, and exit code 0 when that is well, 1 when not. A health
 * check of containers: it needs no flags, as the command's status file is named by `$SWARM_HEALTH_FILE` (docs/joining.md).
 * @throws CommandError for arguments, and when the variable is not set
 */
export async function health(positional: readonly string[], world: CommandWorld): Promise<number> {
  if (positional.length > 0) {
    throw new CommandError(
      `the \`health\` command takes no arguments. See '${world.program} health --help'.`,
    );
  }
  const path = world.env.SWARM_HEALTH_FILE;
  if (path === undefined || path === "") {
    throw new CommandError(
      "SWARM_HEALTH_FILE is not set: set it to one path for what runs and for this command",
    );
  }
  const { healthy, detail } = await look(path, world.now());
  world.stdout.write(`${healthy ? "healthy" : "unhealthy"}: ${detail}\n`);
  return healthy ? 0 : 1;
}

async function look(path: string, now: Date): Promise<Health> {
  try {
    return judgeStatus(await readStatus(path), now.getTime());
  } catch (error) {
    return {
      healthy: false,
      detail: `nothing is running or it cannot write its status: ${errorText(error)}`,
    };
  }
}
