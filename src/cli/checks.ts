import { parseAddress } from "../../discovery/address.ts";
import type { Discovery, DiscoverySettings } from "../../discovery/types.ts";
import type { createDiscovery } from "../../discovery/index.ts";
import { errorText } from "../errors.ts";
import { CommandError } from "./command-error.ts";
import { parseDuration } from "./duration.ts";

/** Checks that more than one command makes. All throw CommandError with the contract's texts. */

/** The one positional argument; with none or several, `$SWARM_DISCOVERY` (spec: cli.md §1.2). `""`: there is none. */
export function discoveryArgument(positional: readonly string[], env: NodeJS.ProcessEnv): string {
  const [only, ...others] = positional;
  return only !== undefined && others.length === 0 ? only : (env.SWARM_DISCOVERY ?? "");
}

/** A duration flag, in milliseconds. */
export function durationFlag(name: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new CommandError(`invalid --${name}: ${errorText(error)}`);
  }
}

/** A duration flag of at least a second, in milliseconds. */
export function heartbeatFlag(text: string): number {
  const heartbeatMs = durationFlag("heartbeat", text);
  if (heartbeatMs < 1000) throw new CommandError("--heartbeat should be at least one second");
  return heartbeatMs;
}

/** `--advertise`: a host (which may be empty) and a port from 1 to 65535. */
export function checkAdvertise(text: string): void {
  try {
    parseAddress(text);
  } catch (error) {
    const fault = "--advertise should be of the form ip:port or hostname:port";
    throw new CommandError(fault, { cause: error });
  }
}

/** `key=value` options, split at the first `=`; the last of a key wins. */
export function keyValues(flag: string, options: readonly string[]): Readonly<Record<string, string>> {
  const pairs = options.map((option) => {
    const at = option.indexOf("=");
    if (at < 0) throw new CommandError(`--${flag} must contain key=value strings`);
    return [option.slice(0, at), option.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/**
 * The discovery backend of a command.
 * @param create instead of the real ones, which are loaded only now: no other command needs them
 */
export async function openDiscovery(
  uri: string,
  settings: DiscoverySettings,
  create?: typeof createDiscovery,
): Promise<Discovery> {
  try {
    return (create ?? (await import("../../discovery/index.ts")).createDiscovery)(uri, settings);
  } catch (error) {
    throw new CommandError(errorText(error), { cause: error });
  }
}
