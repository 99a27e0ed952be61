import { command, type Command } from "../command.ts";
import { simulateFlags, simulationFlags, simulationListFlags } from "./flags.ts";
import { giveOrder, listSimulated, type Order } from "./orders.ts";
import { simulate } from "./simulate.ts";

const traits = { aliases: [], takesDiscovery: false, dataOnStdout: true } as const;

const order = (name: Order, summary: string): Command =>
  command(
    { ...traits, name: `simulate ${name}`, summary, operands: "NODE [NODE...]" },
    simulationFlags,
    ({ values, positional }, _globals, { world }) => giveOrder(name, values, positional, world),
  );

/** `swarm simulate` and the commands that talk to a running one. */
export const simulateCommand: Command = command(
  {
    ...traits,
    name: "simulate",
    summary: "Try strategies, rules and failures on a simulated cluster",
    subcommands: [
      order("fail", "Let simulated nodes stop answering"),
      order("freeze", "Let simulated nodes take connections and say nothing"),
      order("recover", "Let simulated nodes answer again"),
      command(
        { ...traits, name: "simulate list", summary: "List the nodes of a running simulation" },
        simulationListFlags,
        ({ values, positional }, _globals, { world }) => listSimulated(values, positional, world),
      ),
    ],
  },
  simulateFlags,
  (parsed, globals, { world }) => simulate(parsed, globals, world),
);
