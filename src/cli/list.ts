import type { Discovery } from "../../discovery/types.ts";
import { discoveryArgument, durationFlag, keyValues, openDiscovery } from "./checks.ts";
import { closeWithin } from "./close-within.ts";
import { CommandError } from "./command-error.ts";
import { complain, type CommandWorld } from "./command-world.ts";
import type { FlagValues } from "./flag-parser.ts";
import type { listFlags } from "./flags.ts";

/** How long closing the connection to the discovery service may take. */
const closeWithinMs = 2000;
/** Longer timers fire at once in Node. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * `swarm list`: prints the first set of addresses the discovery service gives, one a line (spec: cli.md §3). Asks no engine and
 * writes nothing to the service.
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
  const settings = { heartbeatMs: timeoutMs, options, env: world.env };
  const discovery = await openDiscovery(uri, settings, world.createDiscovery);
  try {
    for (const notice of discovery.notices) complain(world, notice);
    const timeout = AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), longestTimerMs));
    await printFirst(discovery, timeout, world);
  } finally {
    await closeWithin(closeWithinMs, discovery[Symbol.asyncDispose]());
  }
  return 0;
}

async function printFirst(discovery: Discovery, timeout: AbortSignal, world: CommandWorld): Promise<void> {
  for await (const update of discovery.watch(timeout)) {
    if (update.kind === "error") throw new CommandError(update.error.message, { cause: update.error });
    for (const warning of update.warnings) complain(world, warning);
    world.stdout.write(update.addresses.map(({ address }) => `${address}\n`).join(""));
    return;
  }
  throw new CommandError("Timed out");
}
