import type { LogLevel } from "../config.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CommandWorld } from "./command-world.ts";
import { create } from "./create.ts";
import { discoveryService } from "./discovery-service.ts";
import type { FlagTable, FlagValues, ParsedFlags } from "./flag-parser.ts";
import {
  createFlags,
  discoveryServiceFlags,
  helpFlags,
  joinFlags,
  listFlags,
  manageFlags,
  type globalFlags,
} from "./flags.ts";
import { health } from "./health.ts";
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
function command<Table extends FlagTable>(
  about: Omit<CommandHelp, "flags"> & {
    readonly hiddenAliases?: readonly string[];
    readonly dataOnStdout: boolean;
  },
  flags: Table,
  run: (parsed: ParsedFlags<Table>, globals: GlobalFlags, surroundings: Surroundings) => Promise<number>,
): Command {
  return {
    ...about,
    flags,
    allAliases: [...about.aliases, ...(about.hiddenAliases ?? [])],
    run: (parsed, globals, surroundings) => run(parsed as ParsedFlags<Table>, globals, surroundings),
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
    ({ values, positional }, _globals, { world }) => create(values, positional, world),
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
    async ({ values, positional }, { debug, experimental, level: logLevel }, { world, openLog }) => {
      const { env, program } = world;
      const context = { positional, env, program, debug, experimental, logLevel };
      return await manage(values, context, { world, log: await openLog() });
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
    async ({ values, positional }, _globals, { world, openLog }) => {
      return await join(values, positional, { world, log: await openLog() });
    },
  ),
  command(
    {
      name: "health",
      aliases: [],
      summary: "Tell whether the manager, agent or service that writes $SWARM_HEALTH_FILE is well",
      takesDiscovery: false,
      dataOnStdout: true,
    },
    helpFlags,
    ({ positional }, _globals, { world }) => health(positional, world),
  ),
  command(
    {
      name: "discovery-service",
      aliases: [],
      summary: "Run a token service for clusters of token://",
      takesDiscovery: false,
      dataOnStdout: false,
    },
    discoveryServiceFlags,
    async ({ values, positional }, _globals, { world, openLog }) => {
      return await discoveryService(values, positional, { world, log: await openLog() });
    },
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
    helpFlags,
    () => Promise.resolve(0), // run.ts answers it: it knows all the others
  ),
];
