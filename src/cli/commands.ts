import type { LogLevel } from "../config.ts";
import type { Invocation } from "./command-world.ts";
import { create } from "./create.ts";
import type { FlagTable, FlagValues, ParsedFlags } from "./flag-parser.ts";
import { createFlags, joinFlags, listFlags, manageFlags, type globalFlags } from "./flags.ts";
import type { CommandHelp } from "./help.ts";
import { join } from "./join.ts";
import { list } from "./list.ts";
import { manage } from "./manage.ts";

/** The flags before the command word, and the level they amount to. */
export type GlobalFlags = FlagValues<typeof globalFlags> & { readonly level: LogLevel };

/** One command of the program. */
export interface Command extends CommandHelp {
  /** Those the help shows, and those it does not. */
  readonly allAliases: readonly string[];
  /** Its stdout is for programs: errors go to stderr as plain lines. */
  readonly dataOnStdout: boolean;
  /** Answers the exit code. */
  run(parsed: ParsedFlags<FlagTable>, globals: GlobalFlags, invocation: Invocation): Promise<number>;
}

/** Keeps a command's flags and what it does with them in step. */
function command<Table extends FlagTable>(
  about: Omit<CommandHelp, "flags"> & {
    readonly hiddenAliases?: readonly string[];
    readonly dataOnStdout: boolean;
  },
  flags: Table,
  run: (parsed: ParsedFlags<Table>, globals: GlobalFlags, invocation: Invocation) => Promise<number>,
): Command {
  return {
    ...about,
    flags,
    allAliases: [...about.aliases, ...(about.hiddenAliases ?? [])],
    run: (parsed, globals, invocation) => run(parsed as ParsedFlags<Table>, globals, invocation),
  };
}

/** In the order of the help. */
export const commands: readonly Command[] = [
  command(
    {
      name: "create",
      aliases: ["c"],
      summary: "Create a cluster token",
      takesDiscovery: false,
      dataOnStdout: true,
    },
    createFlags,
    async ({ positional }, _globals, { world }) => await Promise.resolve(create(positional, world.program)),
  ),
  command(
    {
      name: "list",
      aliases: ["l"],
      summary: "List the engines of a cluster",
      takesDiscovery: true,
      dataOnStdout: true,
    },
    listFlags,
    ({ values, positional }, _globals, { world }) => list(values, positional, world),
  ),
  command(
    {
      name: "manage",
      aliases: ["m"],
      summary: "Manage a cluster of Docker engines",
      takesDiscovery: true,
      dataOnStdout: false,
      notes: [
        [" * swarm.overcommit=0.05", "share of resources to promise beyond what engines have"],
        [" * swarm.createretry=0", "times to try again on another engine when a create fails"],
      ],
    },
    manageFlags,
    ({ values, positional }, globals, invocation) => {
      const { env, program } = invocation.world;
      const { debug, experimental, level: logLevel } = globals;
      return manage(values, { positional, env, program, debug, experimental, logLevel }, invocation);
    },
  ),
  command(
    {
      name: "join",
      aliases: ["j"],
      summary: "Keep an engine's entry in a cluster alive",
      takesDiscovery: true,
      dataOnStdout: false,
    },
    joinFlags,
    async ({ values, positional }, _globals, { world }) =>
      await Promise.resolve(join(values, positional, world)),
  ),
  command(
    {
      name: "help",
      aliases: [],
      hiddenAliases: ["h"],
      summary: "Show all commands, or the help of one",
      takesDiscovery: false,
      dataOnStdout: false,
    },
    createFlags,
    () => Promise.resolve(0), // run.ts answers it: it knows all the others
  ),
];
