import { createCluster } from "../../discovery/token.ts";
import { TokenClient } from "../../discovery/token-client.ts";
import { parseService, serviceSetting } from "../../discovery/token-place.ts";
import { errorText } from "../errors.ts";
import { keyValues } from "./checks.ts";
import { CommandError } from "./command-error.ts";
import type { CommandWorld } from "./command-world.ts";
import type { FlagValues } from "./flag-parser.ts";
import type { createFlags } from "./flags.ts";

/** The first line is the contract's. */
const notice = `Token based discovery is now deprecated and might be removed in the future.
Its public service is gone: this token is known only to the service that gave it.
For new clusters use etcd://, consul:// or zk://, which replication works with as well.
`;

/**
 * `swarm create`: asks a token service for a new cluster and prints its token (spec: cli.md §2).
 * @throws CommandError when there is an argument, no service is named, or the service gives no token
 */
export async function create(
  flags: FlagValues<typeof createFlags>,
  positional: readonly string[],
  { env, program, stdout, stderr }: CommandWorld,
): Promise<number> {
  if (positional.length > 0) {
    throw new CommandError(`the \`create\` command takes no arguments. See '${program} create --help'.`);
  }
  const options = keyValues("discovery-opt", flags["discovery-opt"]);
  const service = flags.service === "" ? serviceSetting(options, env) : flags.service;
  if (service === "") {
    throw new CommandError(
      `no token service is named, and the public one was switched off in June 2019: run your own with \`${program} ` +
        "discovery-service` and give --service URL or $SWARM_DISCOVERY_SERVICE",
    );
  }
  try {
    const base = parseService(service);
    await using client = new TokenClient({ base, mayBePlain: false, options, env });
    const token = await createCluster(client);
    stdout.write(`${token}\n`);
    stderr.write(notice);
    return 0;
  } catch (error) {
    throw new CommandError(errorText(error), { cause: error });
  }
}
