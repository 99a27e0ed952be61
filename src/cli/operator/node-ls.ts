import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { formatFlag, noOperands } from "./arguments.ts";
import { labels, list, number, text } from "./fields.ts";
import type { nodeListFlags } from "./flags.ts";
import { ManagerClient } from "./manager-client.ts";
import { clipped, plain, plainJson, table } from "./plain.ts";

/** `swarm node ls` @throws CommandError */
export async function nodeList(
  flags: FlagValues<typeof nodeListFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  noOperands("node ls", positional, world);
  const format = formatFlag(flags.format);
  const { body } = await new ManagerClient(flags, world.env).ask("GET", "/cluster/nodes");
  const nodes = list(body);
  const full = flags["no-trunc"];
  if (flags.quiet) {
    // A node that never answered has no ID yet.
    world.stdout.write(nodes.map((node) => `${plain(text(node, "ID") || text(node, "Addr"))}\n`).join(""));
  } else if (format === "json") {
    world.stdout.write(nodes.map((node) => `${plainJson(node)}\n`).join(""));
  } else {
    const rows = nodes.map((node) => [
      text(node, "Name") || "(unknown)",
      clipped(text(node, "ID"), 12, full),
      text(node, "Addr"),
      text(node, "Status"),
      text(node, "Availability"),
      String(number(node, "Containers")),
      clipped(labels(node.Labels), 40, full),
      text(node, "ServerVersion"),
    ]);
    const header = ["NODE", "ID", "ADDR", "STATUS", "AVAILABILITY", "CONTAINERS", "LABELS", "VERSION"];
    world.stdout.write(table(header, rows));
  }
  return 0;
}
