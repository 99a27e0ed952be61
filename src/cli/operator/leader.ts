import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { formatFlag, noOperands } from "./arguments.ts";
import { fields, isFields, list, number, text, type Fields } from "./fields.ts";
import type { leaderFlags } from "./flags.ts";
import { ManagerClient } from "./manager-client.ts";
import { plain, plainJson, table } from "./plain.ts";

/** `swarm leader`: ends with 0 while a primary is known, else 1. @throws CommandError */
export async function leader(
  flags: FlagValues<typeof leaderFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  noOperands("leader", positional, world);
  const format = formatFlag(flags.format);
  const client = new ManagerClient(flags, world.env);
  const { status, body } = await client.ask("GET", "/cluster/leader", { accept: [503] });
  const known = fields(body);
  if (flags.quiet) world.stdout.write(`${plain(text(known, "Primary"))}\n`);
  else world.stdout.write(format === "json" ? `${plainJson(known)}\n` : shown(known));
  return status === 200 ? 0 : 1;
}

function shown(known: Fields): string {
  const { Term: term, Replicated: replicated } = known;
  const primary = replicated === true ? text(known, "Primary") || "none" : "this manager, the only one";
  const rows = [
    ["Primary:", primary],
    ["Asked:", [text(known, "Self"), text(known, "Role")].filter(Boolean).join(", ")],
    ...(isFields(term) ? [["Term:", termText(term)]] : []),
    ...(text(known, "Error") === "" ? [] : [["Error:", text(known, "Error")]]),
  ];
  const peers = list(known.Peers);
  if (replicated !== true || peers.length === 0) return table([], rows);
  const header = ["MANAGER", "ROLE", "VERSION", "STARTED"];
  const managers = peers.map((peer) => [
    text(peer, "Address") + (peer.Self === true ? " *" : ""),
    text(peer, "Role"),
    text(peer, "Version"),
    text(peer, "StartedAt"),
  ]);
  return `${table([], rows)}\n${table(header, managers)}`;
}

function termText(term: Fields): string {
  const age = `${Math.round(number(term, "AgeSeconds"))} s old`;
  const ttl = number(term, "TtlSeconds");
  return `${number(term, "Number")}, ${age}${ttl > 0 ? `, lock of ${ttl} s` : ""}`;
}
