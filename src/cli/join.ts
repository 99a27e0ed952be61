import {
  checkAdvertise,
  discoveryArgument,
  durationFlag,
  heartbeatFlag,
  keyValues,
  openDiscovery,
} from "./checks.ts";
import { CommandError } from "./command-error.ts";
import type { CommandWorld } from "./command-world.ts";
import type { FlagValues } from "./flag-parser.ts";
import type { joinFlags } from "./flags.ts";

/**
 * `swarm join`: checks the whole command line (spec: cli.md §4), then says why there is nothing to join: the backends of this
 * release are lists that people edit.
 * @throws CommandError always
 */
export function join(
  flags: FlagValues<typeof joinFlags>,
  positional: readonly string[],
  { env, program }: Pick<CommandWorld, "env" | "program">,
): never {
  const uri = discoveryArgument(positional, env);
  if (uri === "") {
    throw new CommandError(`discovery required to join a cluster. See '${program} join --help'.`);
  }
  if (flags.advertise === "") throw new CommandError("missing mandatory --advertise flag");
  checkAdvertise(flags.advertise);
  if (durationFlag("delay", flags.delay) < 0) {
    throw new CommandError("--delay should not be a negative number");
  }
  const heartbeatMs = heartbeatFlag(flags.heartbeat);
  if (durationFlag("ttl", flags.ttl) <= heartbeatMs) {
    throw new CommandError("--ttl must be strictly superior to the heartbeat value");
  }
  const { description } = openDiscovery(uri, heartbeatMs, keyValues("discovery-opt", flags["discovery-opt"]));
  throw new CommandError(
    `not implemented in this discovery service: add ${flags.advertise} to ${description} by hand`,
  );
}
