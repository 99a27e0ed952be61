import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { drainReport } from "./drain-report.ts";
import { fields, isFields, labels, number, text, type Fields } from "./fields.ts";
import type { nodeInspectFlags } from "./flags.ts";
import { ManagerClient } from "./manager-client.ts";
import { plainJson, table } from "./plain.ts";

/** `swarm node inspect NODE [NODE...]`: an array of objects as the API has them. @throws CommandError */
export async function nodeInspect(
  flags: FlagValues<typeof nodeInspectFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  if (positional.length === 0)
    throw new CommandError(`node inspect needs a NODE. See '${world.program} node inspect --help'.`);
  const client = new ManagerClient(flags, world.env);
  const nodes: Fields[] = [];
  for (const name of positional) nodes.push(fields((await client.ask("GET", nodePath(name))).body));
  world.stdout.write(flags.pretty ? nodes.map(shown).join("\n") : `${plainJson(nodes, 2)}\n`);
  return 0;
}

/** Of one node, by name, ID or address. */
export const nodePath = (name: string): string => `/cluster/nodes/${encodeURIComponent(name)}`;

function shown(node: Fields): string {
  const rows = [
    ["Name:", text(node, "Name")],
    ["ID:", text(node, "ID")],
    ["Address:", text(node, "Addr")],
    ["Status:", text(node, "Status")],
    ...(text(node, "Error") === "" ? [] : [["Error:", text(node, "Error")]]),
    ["Availability:", text(node, "Availability")],
    ["Labels:", labels(node.Labels)],
    ["Engine labels:", labels(node.EngineLabels)],
    ["Containers:", String(number(node, "Containers"))],
    ["Version:", text(node, "ServerVersion")],
  ];
  return table([], rows) + (isFields(node.Drain) ? drainReport(node.Drain) : "");
}
