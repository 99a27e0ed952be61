import { command, type Command } from "../command.ts";
import { CommandError } from "../command-error.ts";
import {
  groupFlags,
  leaderFlags,
  nodeInspectFlags,
  nodeListFlags,
  nodeUpdateFlags,
  rebalanceFlags,
  rescheduleListFlags,
  rescheduleRetryFlags,
} from "./flags.ts";
import { leader } from "./leader.ts";
import { nodeInspect } from "./node-inspect.ts";
import { nodeList } from "./node-ls.ts";
import { nodeUpdate } from "./node-update.ts";
import { rebalance } from "./rebalance.ts";
import { rescheduleList, rescheduleRetry } from "./reschedule.ts";

const toManager = { aliases: [], takesDiscovery: false, dataOnStdout: true } as const;

/** A word that only stands before others. */
const group = (name: string, summary: string, subcommands: readonly Command[]): Command =>
  command(
    { ...toManager, name, summary, operands: "COMMAND", subcommands },
    groupFlags,
    ({ positional }, _globals, { world }) => {
      const [word] = positional;
      const known = subcommands.map((each) => each.name.split(" ").at(-1)).join(", ");
      const see = `See '${world.program} ${name} --help'.`;
      return Promise.reject(
        new CommandError(
          word === undefined
            ? `${name} needs one of the commands ${known}. ${see}`
            : `${name} has no command ${JSON.stringify(word)}, only ${known}. ${see}`,
        ),
      );
    },
  );

/** The commands that talk to a running manager, in the order of the help. What they need of HTTP is loaded when they ask. */
export const operatorCommands: readonly Command[] = [
  group("node", "See and change the nodes of a running manager", [
    command(
      { ...toManager, name: "node ls", summary: "List the nodes" },
      nodeListFlags,
      ({ values, positional }, _globals, { world }) => nodeList(values, positional, world),
    ),
    command(
      {
        ...toManager,
        name: "node inspect",
        summary: "Show all that is known of nodes",
        operands: "NODE [NODE...]",
      },
      nodeInspectFlags,
      ({ values, positional }, _globals, { world }) => nodeInspect(values, positional, world),
    ),
    command(
      {
        ...toManager,
        name: "node update",
        summary: "Change the availability and labels of a node",
        operands: "NODE",
      },
      nodeUpdateFlags,
      ({ values, positional, given }, _globals, { world }) =>
        nodeUpdate(values, { positional, given }, world),
    ),
  ]),
  group("reschedule", "See and hurry containers that are to move", [
    command(
      { ...toManager, name: "reschedule ls", summary: "List containers that move or wait for it" },
      rescheduleListFlags,
      ({ values, positional }, _globals, { world }) => rescheduleList(values, positional, world),
    ),
    command(
      {
        ...toManager,
        name: "reschedule retry",
        summary: "Try to move a container now",
        operands: "CONTAINER",
      },
      rescheduleRetryFlags,
      ({ values, positional }, _globals, { world }) => rescheduleRetry(values, positional, world),
    ),
  ]),
  command(
    { ...toManager, name: "rebalance", summary: "Move containers so that the cluster is balanced" },
    rebalanceFlags,
    ({ values, positional }, _globals, { world }) => rebalance(values, positional, world),
  ),
  command(
    { ...toManager, name: "leader", summary: "Show which manager leads; ends with 1 when none does" },
    leaderFlags,
    ({ values, positional }, _globals, { world }) => leader(values, positional, world),
  ),
];
