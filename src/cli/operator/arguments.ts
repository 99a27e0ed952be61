import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";

/** The exit code of a program that SIGINT ended. */
export const INTERRUPTED = 130;

/** `--format`. @throws CommandError */
export function formatFlag(value: string): "table" | "json" {
  if (value === "table" || value === "json") return value;
  throw new CommandError(`invalid --format ${JSON.stringify(value)}: table and json are known`);
}

/** @throws CommandError when there are any */
export function noOperands(command: string, positional: readonly string[], { program }: CommandWorld): void {
  const [first] = positional;
  if (first !== undefined)
    throw new CommandError(
      `${command} takes no arguments, and got ${JSON.stringify(first)}. See '${program} ${command} --help'.`,
    );
}

/** Exactly one. @param what as the help writes it: `NODE` @throws CommandError */
export function oneOperand(
  command: string,
  what: string,
  positional: readonly string[],
  { program }: CommandWorld,
): string {
  const [only, second] = positional;
  const see = `See '${program} ${command} --help'.`;
  if (only === undefined || only === "") throw new CommandError(`${command} needs a ${what}. ${see}`);
  if (second?.startsWith("-") === true)
    throw new CommandError(
      `${command} takes options before the ${what}: ${JSON.stringify(second)} came after it. ${see}`,
    );
  if (second !== undefined)
    throw new CommandError(`${command} takes one ${what}, and got ${JSON.stringify(second)}, too. ${see}`);
  return only;
}
