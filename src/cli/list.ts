import { discoveryArgument, durationFlag, keyValues, openDiscovery } from "./checks.ts";
import { CommandError } from "./command-error.ts";
import { complain, type CommandWorld } from "./command-world.ts";
import type { FlagValues } from "./flag-parser.ts";
import type { listFlags } from "./flags.ts";

/**
 * `swarm list`: prints the first set of addresses the discovery service gives, one a line (spec: cli.md §3).
 * @throws CommandError for a bad command line, the backend's first error, or when nothing came in time
 */
export async function list(
  flags: FlagValues<typeof listFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  const uri = discoveryArgument(positional, world.env);
  if (uri === "") {
    throw new CommandError(`discovery required to list a cluster. See '${world.program} list --help'.`);
  }
  const timeoutMs = durationFlag("timeout", flags.timeout);
  if (timeoutMs <= 0) throw new CommandError("--timeout should be a positive number");
  const options = keyValues("discovery-opt", flags["discovery-opt"]);
  const discovery = openDiscovery(uri, timeoutMs, options);

  const timeout = AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), 2 ** 31 - 1));
  for await (const update of discovery.watch(timeout)) {
    if (update.kind === "error") throw new CommandError(update.error.message, { cause: update.error });
    for (const warning of update.warnings) complain(world, warning);
    world.stdout.write(update.addresses.map(({ address }) => `${address}\n`).join(""));
    return 0;
  }
  throw new CommandError("Timed out");
}
