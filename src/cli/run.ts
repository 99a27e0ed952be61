import { errorText } from "../errors.ts";
import type { LogLevel } from "../config.ts";
import { parseLogLevel } from "../telemetry/log-level.ts";
import type { Logger } from "../telemetry/logger.ts";
import { CommandError } from "./command-error.ts";
import { complain, type CommandWorld, type Output } from "./command-world.ts";
import type { Command, GlobalFlags } from "./command.ts";
import { commands } from "./commands.ts";
import { flagsFirst, parseFlags, UsageError, type FlagTable, type ParsedFlags } from "./flag-parser.ts";
import { globalFlags } from "./flags.ts";
import { commandHelp, topHelp } from "./help.ts";

/**
 * Runs one command line and answers its exit code (spec: cli.md §1). Nothing is thrown but bugs.
 * @param words what follows the program's name
 */
export async function run(words: readonly string[], world: CommandWorld): Promise<number> {
  const help = topHelp(world.program, versionText(world), globalFlags, commands);
  const parsed = await parseOr(globalFlags, words, world, `${help}\n`, () => logTo(world.stderr));
  if (parsed === undefined) return 1;

  const { values, given, positional } = parsed;
  if (values.help) return print(world, help);
  if (values.version) return print(world, `${world.program} version ${versionText(world)}\n`);
  let level;
  try {
    level = parseLogLevel(values["log-level"]);
  } catch (error) {
    (await logTo(world.stdout)).fatal(errorText(error));
    return 1;
  }
  if (values.debug && !given.has("log-level")) level = "debug" as const;

  const [name, ...rest] = positional;
  if (name === undefined) return print(world, help);
  const command = commandNamed(name);
  if (!command) return print(world, `No help topic for '${name}'\n`);
  if (command.name === "help") return helpOn(rest, help, world);
  const chosen = subcommandNamed(command, rest[0]);
  if (chosen !== undefined) return await runCommand(chosen, rest.slice(1), { ...values, level }, world);
  return await runCommand(command, rest, { ...values, level }, world);
}

async function runCommand(
  command: Command,
  words: readonly string[],
  globals: GlobalFlags,
  world: CommandWorld,
): Promise<number> {
  const help = commandHelp(world.program, command);
  let log: Promise<Logger> | undefined;
  const openLog = (): Promise<Logger> => (log ??= logTo(world.stdout, globals.level));
  const parsed = await parseOr(command.flags, flagsFirst(words), world, `${help}\n`, openLog);
  if (parsed === undefined) return 1;
  if (parsed.values.help === true) return print(world, help);
  try {
    return await command.run(parsed, globals, { world, openLog });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.cause !== undefined) {
      (await openLog()).debug({ err: error.cause }, "the reason for what follows");
    }
    if (command.dataOnStdout) complain(world, error.message);
    else (await openLog()).fatal(error.message);
    return 1;
  }
}

/** Parses, or explains on stdout what is wrong, logs the fault as fatal and answers undefined. */
async function parseOr<Table extends FlagTable>(
  table: Table,
  words: readonly string[],
  world: CommandWorld,
  help: string,
  openLog: () => Promise<Logger>,
): Promise<ParsedFlags<Table> | undefined> {
  try {
    return parseFlags(table, words, world.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(world, `${error.twoForms ? error.message : "Incorrect Usage."}\n\n${help}`);
    (await openLog()).fatal(error.message);
    return undefined;
  }
}

function helpOn([topic, sub]: readonly string[], help: string, world: CommandWorld): number {
  if (topic === undefined) return print(world, help);
  const command = commandNamed(topic);
  if (command === undefined) return print(world, `No help topic for '${topic}'\n`);
  return print(world, commandHelp(world.program, subcommandNamed(command, sub) ?? command));
}

function commandNamed(name: string): Command | undefined {
  return commands.find((command) => command.name === name || command.allAliases.includes(name));
}

function subcommandNamed({ subcommands }: Command, word: string | undefined): Command | undefined {
  return subcommands.find(({ name }) => name.split(" ").at(-1) === word);
}

function versionText({ version, gitCommit }: CommandWorld): string {
  return `${version} (${gitCommit})`;
}

/** The library is loaded now: most that is light says nothing in the log. */
async function logTo(stream: Output, level: LogLevel = "info"): Promise<Logger> {
  const { createLogger } = await import("../telemetry/logger.ts");
  return createLogger({ level, tty: stream.isTTY ?? false, stream });
}

function print(world: CommandWorld, text: string): number {
  world.stdout.write(text);
  return 0;
}
