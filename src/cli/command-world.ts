import type { App, World } from "../app.ts";
import type { ManageConfig } from "../config.ts";
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
  readonly now: () => Date;
  /** From now on the first signal is a request to stop: the returned signal aborts instead of the process ending. */
  readonly stopGracefully: () => AbortSignal;
}

/** What a command is called with. */
export interface Invocation {
  readonly world: CommandWorld;
  readonly log: Logger;
}

/** A line on stderr with a plain timestamp, as `list` and `create` report errors: their stdout is data only. */
export function complain(world: CommandWorld, text: string): void {
  const at = world.now();
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  world.stderr.write(`${date} ${time} ${text}\n`);
}
