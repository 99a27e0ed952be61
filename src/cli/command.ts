import type { LogLevel } from "../config.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CommandWorld } from "./command-world.ts";
import type { FlagTable, FlagValues, ParsedFlags } from "./flag-parser.ts";
import type { globalFlags } from "./flags.ts";
import type { CommandHelp } from "./help.ts";

/** The flags before the command word, and the level they amount to. */
export type GlobalFlags = FlagValues<typeof globalFlags> & { readonly level: LogLevel };

/** One command of the program. */
export interface Command extends CommandHelp {
  /** Those the help shows, and those it does not. */
  readonly allAliases: readonly string[];
  /** Its stdout is for programs: errors go to stderr as plain lines. */
  readonly dataOnStdout: boolean;
  /** What its first word may be; with any it does nothing itself but help. */
  readonly subcommands: readonly Command[];
  /** Answers the exit code. Whatever is large is loaded only here: a health check runs every few seconds and must be light. */
  run(parsed: ParsedFlags<FlagTable>, globals: GlobalFlags, surroundings: Surroundings): Promise<number>;
}

/** What every command is called with. */
export interface Surroundings {
  readonly world: CommandWorld;
  /** The log, loaded when it is asked for. */
  readonly openLog: () => Promise<Logger>;
}

/** Keeps a command's flags and what it does with them in step. */
export function command<Table extends FlagTable>(
  about: Omit<CommandHelp, "flags" | "subcommands"> & {
    readonly hiddenAliases?: readonly string[];
    readonly dataOnStdout: boolean;
    readonly subcommands?: readonly Command[];
  },
  flags: Table,
  run: (parsed: ParsedFlags<Table>, globals: GlobalFlags, surroundings: Surroundings) => Promise<number>,
): Command {
  return {
    ...about,
    flags,
    subcommands: about.subcommands ?? [],
    allAliases: [...about.aliases, ...(about.hiddenAliases ?? [])],
    run: (parsed, globals, surroundings) => run(parsed as ParsedFlags<Table>, globals, surroundings),
  };
}
