import type { DiscoveryService } from "../discovery-service/service.ts";
import type { ServiceConfig, TcpAddress } from "../discovery-service/types.ts";
import { errorText } from "../errors.ts";
import { reportHealth } from "../health/reporter.ts";
import { TlsIdentity } from "../tls/identity.ts";
import { durationFlag } from "./checks.ts";
import { closeWithin } from "./close-within.ts";
import { CommandError } from "./command-error.ts";
import type { Invocation } from "./command-world.ts";
import type { FlagValues } from "./flag-parser.ts";
import type { discoveryServiceFlags } from "./flags.ts";
import { parseListenAddress } from "./listen-address.ts";
import { loadIdentity } from "./tls-files.ts";

/** How long a stopping service may take to answer its clients and write to its disk. */
const closeWithinMs = 10_000;

type Flags = FlagValues<typeof discoveryServiceFlags>;

/**
 * `swarm discovery-service`: runs a token service until a signal or a listener's failure (docs/discovery-service.md).
 * @throws CommandError for a bad command line, a data directory that cannot be used, or a fatal listener error
 */
export async function discoveryService(
  flags: Flags,
  positional: readonly string[],
  { world, log }: Invocation,
): Promise<number> {
  if (positional.length > 0) {
    throw new CommandError(
      `the \`discovery-service\` command takes no arguments. See '${world.program} discovery-service --help'.`,
    );
  }
  const config = readFlags(flags);
  const signal = world.stopGracefully();
  let service: DiscoveryService;
  try {
    // Loaded only now: no other command needs it.
    const { openDiscoveryService } = await import("../discovery-service/service.ts");
    service = await openDiscoveryService(config, { log, stderr: (line) => world.stderr.write(line) });
  } catch (error) {
    throw new CommandError(errorText(error), { cause: error });
  }
  world.onHangup(() => service.reload());
  const report = reportHealth({
    path: world.env.SWARM_HEALTH_FILE,
    command: "discovery-service",
    health: () => ({
      healthy: true,
      detail: service.isSaved ? "serving" : "serving from memory: the disk refuses",
    }),
    log,
    now: world.now,
  });
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
  let failure: unknown;
  try {
    await Promise.race([service.failed, stopped]);
    log.info("stopping");
  } catch (error) {
    failure = error;
  }
  // A disk that hangs must not keep the process.
  const closing = Promise.all([report[Symbol.asyncDispose](), service[Symbol.asyncDispose]()]);
  const closed = await closeWithin(closeWithinMs, closing);
  if (failure !== undefined) throw new CommandError(errorText(failure), { cause: failure });
  if (closed === "late") log.warn("the clusters may not be on the disk: it did not answer in time");
  if (closed instanceof Error) log.warn({ err: closed }, "stopped with an error");
  return 0;
}

/** @throws CommandError naming the flag */
export function readFlags(flags: Flags): ServiceConfig {
  const maxTtlMs = durationFlag("max-ttl", flags["max-ttl"]);
  if (maxTtlMs < 180_000) throw new CommandError("--max-ttl should be at least 180s, what agents ask for");
  const keepEmptyMs = durationFlag("keep-empty", flags["keep-empty"]);
  if (keepEmptyMs < 3_600_000) throw new CommandError("--keep-empty should be at least one hour");
  if (flags["data-dir"] === "") throw new CommandError("--data-dir should name a directory");
  return {
    tls: readIdentity(flags),
    hosts: flags.host.map(readHost),
    dataDir: flags["data-dir"],
    limits: {
      maxClusters: atLeast(1, "max-clusters", flags),
      maxEntries: atLeast(1, "max-entries", flags),
      maxTotalEntries: atLeast(1, "max-total-entries", flags),
      maxTtlSeconds: Math.floor(maxTtlMs / 1000),
      keepEmptyMs,
    },
    rates: {
      create: atLeast(0, "create-rate", flags),
      register: atLeast(0, "register-rate", flags),
      read: atLeast(0, "read-rate", flags),
    },
    trustedProxies: atLeast(0, "trusted-proxies", flags),
    maxConnections: atLeast(4, "max-connections", flags),
  };
}

type IntFlag = {
  readonly [Name in keyof Flags]: Flags[Name] extends number ? Name : never;
}[keyof Flags];

function atLeast(least: number, name: IntFlag, flags: Flags): number {
  const value = flags[name];
  if (value < least) throw new CommandError(`--${name} should be at least ${least}, ${value} is invalid`);
  return value;
}

function readIdentity({ tlscert, tlskey, tlscacert, tlsverify }: Flags): TlsIdentity | undefined {
  if (tlscacert !== "" && !tlsverify) throw new CommandError("--tlscacert requires the use of --tlsverify");
  const tls = tlscert !== "";
  if (tls !== (tlskey !== "")) throw new CommandError("--tlscert and --tlskey must be given together");
  if (tlsverify && (!tls || tlscacert === "")) {
    throw new CommandError("--tlsverify requires --tlscert, --tlskey and --tlscacert");
  }
  return loadIdentity({ tls, tlsverify, tlscacert, tlscert, tlskey });
}

function readHost(text: string): TcpAddress {
  const address = parseListenAddress(text);
  if (address.proto !== "tcp") {
    throw new CommandError(`--host ${text}: the token service listens on TCP only`);
  }
  return address;
}
