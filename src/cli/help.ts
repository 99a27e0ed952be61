import type { FlagSpec, FlagTable } from "./flag-parser.ts";

/** What the help says of a command. */
export interface CommandHelp {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly takesDiscovery: boolean;
  /** What follows the options, as the help writes it: `NODE`. */
  readonly operands?: string;
  /** Commands of its own, by two words: `node ls`. */
  readonly subcommands?: readonly CommandHelp[];
  readonly flags: FlagTable;
  /** Extra rows under the options. */
  readonly notes?: readonly Row[];
}

/** Two columns. */
type Row = readonly [left: string, right: string];

const discoveryForms = [
  "token://<token>",
  "consul://<ip>/<path>",
  "etcd://<ip1>,<ip2>/<path>",
  "file://path/to/file",
  "zk://<ip1>,<ip2>/<path>",
  "[nodes://]<ip1>,<ip2>",
];

/** `swarm --help` (spec: cli.md §1.3). */
export function topHelp(
  program: string,
  version: string,
  flags: FlagTable,
  commands: readonly CommandHelp[],
): string {
  return [
    `Usage: ${program} [OPTIONS] COMMAND [arg...]`,
    "",
    "A Docker-native clustering system",
    "",
    `Version: ${version}`,
    "",
    "Options:",
    ...columns(Object.entries(flags).map(([name, spec]) => flagRow(name, spec))),
    "",
    "Commands:",
    ...columns(commands.map(({ name, aliases, summary }) => [[name, ...aliases].join(", "), summary])),
    "",
    `Run '${program} COMMAND --help' for more information on a command.`,
    "",
  ].join("\n");
}

/** `swarm manage --help` and its kin (spec: cli.md §1.3). */
export function commandHelp(program: string, command: CommandHelp): string {
  const listed = Object.entries(command.flags).filter(([name]) => name !== "help");
  const usage = [
    `Usage: ${program} ${command.name}`,
    ...(listed.length > 0 ? ["[OPTIONS]"] : []),
    ...(command.takesDiscovery ? ["<discovery>"] : []),
    ...(command.operands === undefined ? [] : [command.operands]),
  ];
  const lines = [usage.join(" "), "", command.summary, ""];
  const { subcommands = [] } = command;
  if (subcommands.length > 0) {
    lines.push("Commands:", ...columns(subcommands.map(({ name, summary }) => [name, summary])), "");
    lines.push(`Run '${program} ${command.name} COMMAND --help' for more information on a command.`, "");
  }
  if (command.takesDiscovery) {
    lines.push("Arguments:", "  <discovery>    discovery service to use [$SWARM_DISCOVERY]");
    lines.push(...discoveryForms.map((form) => `                  * ${form}`), "");
  }
  if (listed.length > 0) {
    lines.push("Options:");
    lines.push(
      ...columns([...listed.map(([name, spec]) => flagRow(name, spec)), ...(command.notes ?? [])]),
      "",
    );
  }
  return lines.join("\n");
}

function flagRow(name: string, spec: FlagSpec): Row {
  const names = [name, ...(spec.aliases ?? [])]
    .map((spelled) => (spelled.length === 1 ? `-${spelled}` : `--${spelled}`))
    .join(", ");
  return [
    `${names}${valueOf(name, spec)}`,
    spec.env === undefined ? spec.help : `${spec.help} [$${spec.env}]`,
  ];
}

function valueOf(name: string, spec: FlagSpec): string {
  switch (spec.kind) {
    case "bool":
      return "";
    case "string":
      return spec.value === "" ? " " : ` "${spec.value}"`;
    case "int":
      return ` "${spec.value}"`;
    case "list":
      return ` [--${name} option --${name} option]`;
  }
}

/** Aligns the right column with tabs, eight wide; rows begin with two blanks. */
function columns(rows: readonly Row[]): string[] {
  const lefts = rows.map(([left]) => `  ${left}`);
  const width = Math.floor(Math.max(...lefts.map((left) => left.length)) / 8) * 8 + 8;
  return rows.map(([, right], index) => {
    const left = lefts[index] ?? "";
    return left + "\t".repeat(Math.ceil((width - left.length) / 8)) + right;
  });
}
