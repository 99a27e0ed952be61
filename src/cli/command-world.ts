import type { Discovery, DiscoverySettings } from "../../discovery/types.ts";
import type { AgentWorld } from "../agent/types.ts";
import type { App, World } from "../app.ts";
import type { ManageConfig } from "../config.ts";
import { goLogLine } from "../telemetry/go-log-line.ts";
import type { Logger } from "../telemetry/logger.ts";

/** A place to write text to: `process.stdout` or a test's. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** The world outside the command line. */
export interface CommandWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Output;
  readonly stderr: Output;
  /** The program's name in messages, normally `swarm`. */
  readonly program: string;
  readonly version: string;
  readonly gitCommit: string;
  /** The cluster manager; loaded only when needed. */
  readonly createApp: (config: ManageConfig, world: World) => Promise<App>;
  /** The backend a discovery URI asks for. Tests bring their own; absent: the real one, loaded when it is needed. */
  readonly createDiscovery?: (uri: string, settings: DiscoverySettings) => Discovery;
  /** What `join` needs of the machine; absent: the machine itself. */
  readonly agent?: AgentWorld;
  /** Asks the person at the terminal; undefined: nobody is there. Absent: the terminal itself. */
  readonly ask?: ((question: string, signal: AbortSignal) => Promise<string>) | undefined;
  readonly now: () => Date;
  /** From now on the first signal is a request to stop: the returned signal aborts instead of the process ending. */
  readonly stopGracefully: () => AbortSignal;
  /** From now on SIGHUP calls this instead of ending the process; the last one given counts. */
  readonly onHangup: (reload: () => void) => void;
}

/** What a command that logs is called with. */
export interface Invocation {
  readonly world: CommandWorld;
  readonly log: Logger;
}

/** A line on stderr with a plain timestamp, as `list` and `create` report errors: their stdout is data only. */
export function complain(world: CommandWorld, text: string): void {
  world.stderr.write(goLogLine(world.now(), text));
}
