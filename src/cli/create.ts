import { CommandError } from "./command-error.ts";

/**
 * `swarm create`: would ask a token service for a new cluster token (spec: cli.md §2).
 * @throws CommandError always: the hosted service is gone and ours is not here yet
 */
export function create(positional: readonly string[], program: string): never {
  if (positional.length > 0) {
    throw new CommandError(`the \`create\` command takes no arguments. See '${program} create --help'.`);
  }
  throw new CommandError(
    "the hosted token service was switched off in June 2019 and this program's own is not available yet: use nodes:// or file://",
  );
}
