import { command, type Command } from "./command.ts";
import { create } from "./create.ts";
import { discoveryService } from "./discovery-service.ts";
import { createFlags, discoveryServiceFlags, helpFlags, joinFlags, listFlags, manageFlags } from "./flags.ts";
import { health } from "./health.ts";
import { join } from "./join.ts";
import { list } from "./list.ts";
import { manage } from "./manage.ts";
import { operatorCommands } from "./operator/commands.ts";
import { simulateCommand } from "./simulate/commands.ts";

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
  ...operatorCommands,
  simulateCommand,
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
