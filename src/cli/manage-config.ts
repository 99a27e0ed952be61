import type { Discovery } from "../../discovery/types.ts";
import { splitDiscoveryUri } from "../../discovery/uri.ts";
import type { EngineSettings, LogLevel, ManageConfig, ReplicationSettings } from "../config.ts";
import type { FilterName, StrategyName } from "../scheduler/types.ts";
import {
  checkAdvertise,
  discoveryArgument,
  durationFlag,
  heartbeatFlag,
  keyValues,
  openDiscovery,
} from "./checks.ts";
import { parseClusterOptions } from "./cluster-options.ts";
import { CommandError } from "./command-error.ts";
import { parseDuration } from "./duration.ts";
import type { FlagValues } from "./flag-parser.ts";
import { manageFlags } from "./flags.ts";
import { quote } from "./go-values.ts";
import { parseListenAddress } from "./listen-address.ts";
import { openState, type ManagerState } from "./open-state.ts";
import { loadIdentity, tlsWarnings } from "./tls-files.ts";

/** The parsed flags of `manage`. */
export type ManageFlags = FlagValues<typeof manageFlags>;

/** What `manage` learns outside its own flags. */
export interface ManageContext {
  readonly positional: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** For texts that name it. */
  readonly program: string;
  readonly debug: boolean;
  readonly experimental: boolean;
  readonly logLevel: LogLevel;
}

/** Everything `manage` needs to start. */
export interface ManagePlan {
  readonly config: ManageConfig;
  readonly discovery: Discovery;
  readonly state: ManagerState;
  /** For the log. */
  readonly warnings: readonly string[];
}

const filterNames: readonly FilterName[] = manageFlags.filter.value;
const strategyNames: Readonly<Record<string, StrategyName>> = {
  spread: "spread",
  binpack: "binpack",
  binpacking: "binpack",
  random: "random",
};
/** Timers take no more; nobody waits that long. */
const longestIntervalMs = 2 ** 31 - 1;

/**
 * Validates the flags of `manage` in the order of the contract (spec: cli.md §5.2) and freezes the result.
 * @throws CommandError at the first fault
 */
export async function planManage(flags: ManageFlags, context: ManageContext): Promise<ManagePlan> {
  const identity = loadIdentity(flags);
  if (flags["authz-policy"] !== "" && identity?.verify !== true) {
    throw new CommandError(
      "--authz-policy requires the use of --tlsverify: a client's certificate is what tells its role",
    );
  }
  const engine = engineSettings(flags);
  const uri = discoveryArgument(context.positional, context.env);
  if (uri === "") {
    throw new CommandError(`discovery required to manage a cluster. See '${context.program} manage --help'.`);
  }
  const heartbeatMs = Math.min(heartbeatFlag(flags.heartbeat), longestIntervalMs);
  const discoveryOptions = keyValues("discovery-opt", flags["discovery-opt"]);
  const discovery = await openDiscovery(uri, { heartbeatMs, options: discoveryOptions, env: context.env });
  const strategy = Object.hasOwn(strategyNames, flags.strategy) ? strategyNames[flags.strategy] : undefined;
  if (strategy === undefined) throw new CommandError("strategy not supported");
  const filters = flags.filter.map(filterNamed);
  if (flags["cluster-driver"] !== "swarm") {
    throw new CommandError(`unsupported cluster ${quote(flags["cluster-driver"])}`);
  }
  const { cluster, warnings } = parseClusterOptions(flags["cluster-opt"]);
  const replication = flags.replication ? replicationSettings(flags, uri) : undefined;
  const hosts = flags.host.map((host) => parseListenAddress(host));

  const config: ManageConfig = Object.freeze({
    discovery: uri,
    discoveryOptions: Object.freeze(discoveryOptions),
    hosts: Object.freeze(hosts),
    tls: identity?.settings,
    authzPolicy: flags["authz-policy"],
    replication,
    strategy,
    filters: Object.freeze(filters),
    heartbeatMs,
    engine,
    cors: flags["api-enable-cors"],
    cluster,
    refreshOnNodeFilter: flags["refresh-on-node-filter"],
    containerNameRefreshFilter: flags["container-name-refresh-filter"],
    debug: context.debug,
    experimental: context.experimental,
    logLevel: context.logLevel,
  });
  const sessionMs = replication && zooKeeperSessionMs(replication.ttlMs);
  const state = await openState({
    uri,
    discoveryOptions,
    env: context.env,
    directory: flags["state-dir"],
    sessionMs,
  });
  return {
    config,
    discovery,
    state,
    warnings: [...warnings, ...state.warnings, ...tlsWarnings(identity, hosts, flags.advertise)],
  };
}

function engineSettings(flags: ManageFlags): EngineSettings {
  const refreshMinMs = intervalOrZero(flags["engine-refresh-min-interval"]);
  if (refreshMinMs <= 0) throw new CommandError("min refresh interval should be a positive number");
  const refreshMaxMs = intervalOrZero(flags["engine-refresh-max-interval"]);
  if (refreshMaxMs < refreshMinMs) {
    throw new CommandError("max refresh interval cannot be less than min refresh interval");
  }
  if (flags["engine-refresh-retry"] !== 3) {
    throw new CommandError("--engine-refresh-retry is deprecated. Use --engine-failure-retry");
  }
  const failureRetry = flags["engine-failure-retry"];
  if (failureRetry <= 0) throw new CommandError("invalid failure retry count");
  return Object.freeze({ refreshMinMs, refreshMaxMs, failureRetry });
}

/** Milliseconds; a text that is no duration counts as none at all, and the range checks answer for it. */
function intervalOrZero(text: string): number {
  try {
    return Math.min(parseDuration(text), longestIntervalMs);
  } catch {
    return 0;
  }
}

function filterNamed(text: string): FilterName {
  const name = filterNames.find((known) => known === text);
  if (name === undefined) throw new CommandError("filter not supported");
  return name;
}

/** @throws CommandError as spec: cli.md §5.2 #17–#20 say */
function replicationSettings(flags: ManageFlags, uri: string): ReplicationSettings {
  if (flags.advertise === "") {
    throw new CommandError("--advertise address must be provided when using --leader-election");
  }
  checkAdvertise(flags.advertise);
  const ttlMs = durationFlag("replication-ttl", flags["replication-ttl"]);
  if (ttlMs <= 0) throw new CommandError("--replication-ttl should be a positive number");
  if (["nodes", "file", "token"].includes(splitDiscoveryUri(uri).scheme)) {
    throw new CommandError("Leader election is only supported with consul, etcd and zookeeper discovery.");
  }
  return Object.freeze({ advertise: flags.advertise, ttlMs: Math.min(ttlMs, longestIntervalMs) });
}

/**
 * A lock in ZooKeeper lives as long as its holder's session. Shorter ones do not outlive a pause of the server's own; longer than 40 s its
 * default settings allow none.
 */
function zooKeeperSessionMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs, 2_000), 40_000);
}
