import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { formatFlag, INTERRUPTED, noOperands } from "./arguments.ts";
import { asker } from "./ask.ts";
import { countOf, staysLines } from "./drain-report.ts";
import { fields, list, number, text, type Fields } from "./fields.ts";
import type { rebalanceFlags } from "./flags.ts";
import { ManagerClient } from "./manager-client.ts";
import { plain, plainJson, table } from "./plain.ts";

type Flags = FlagValues<typeof rebalanceFlags>;

/** `swarm rebalance`: shows the moves and what they gain, asks, makes them. @throws CommandError */
export async function rebalance(
  flags: Flags,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  noOperands("rebalance", positional, world);
  const format = formatFlag(flags.format);
  if (format === "json" && !flags["dry-run"]) throw new CommandError("--format json needs --dry-run");
  inRange("max", flags.max, 1_000);
  inRange("parallel", flags.parallel, 16);
  const ask = asker(world);
  if (!flags["dry-run"] && !flags.yes && ask === undefined)
    throw new CommandError(
      "rebalance asks before it moves anything, and nobody is at a terminal: say --yes or --dry-run",
    );
  const client = new ManagerClient(flags, world.env);
  const plan = fields((await client.ask("GET", `/cluster/rebalance?max=${flags.max}`)).body);
  if (format === "json") {
    world.stdout.write(`${plainJson(plan)}\n`);
    return 0;
  }
  const moves = list(plan.Moves);
  world.stdout.write(shown(plan, moves));
  if (flags["dry-run"] || moves.length === 0) return 0;
  const stop = world.stopGracefully();
  if (!flags.yes && ask !== undefined) {
    const answer = await ask(
      `Make ${moves.length === 1 ? "this move" : `these ${moves.length} moves`}? [y/N] `,
      stop,
    );
    if (!/^y(es)?$/i.test(answer.trim())) {
      world.stdout.write("Nothing was moved.\n");
      return 1;
    }
  }
  return await make(client, flags, { world, stop });
}

function inRange(name: string, value: number, most: number): void {
  if (value < 1 || value > most) throw new CommandError(`--${name} should be from 1 to ${most}`);
}

function shown(plan: Fields, moves: readonly Fields[]): string {
  const [before, after] = [fields(plan.Before), fields(plan.After)];
  const strategy = plain(text(plan, "Strategy"));
  const stays = staysLines(plan).map((line) => `${line}\n`);
  if (moves.length === 0) return `Nothing to gain by strategy ${strategy}.\n${stays.join("")}`;
  const then = new Map(list(after.Nodes).map((node) => [text(node, "Name"), node]));
  const changed = list(before.Nodes).flatMap((node) => {
    const name = text(node, "Name");
    const later = then.get(name) ?? {};
    if (
      number(node, "Containers") === number(later, "Containers") &&
      number(node, "Score") === number(later, "Score")
    )
      return [];
    return [
      [
        name,
        ...[node, later].flatMap((at) => [String(number(at, "Containers")), String(number(at, "Score"))]),
      ],
    ];
  });
  return [
    table(
      ["CONTAINER", "FROM", "TO"],
      moves.map((move) => [text(move, "Name"), text(move, "From"), text(move, "To")]),
    ),
    "\n",
    table(["NODE", "CONTAINERS", "SCORE", "CONTAINERS AFTER", "SCORE AFTER"], changed),
    "\n",
    `Strategy ${strategy}: ${countOf(moves.length)} to move, spread of the scores ${number(before, "Spread")} now, ${number(after, "Spread")} then.\n`,
    ...stays,
  ].join("");
}

async function make(
  client: ManagerClient,
  { max, parallel }: Flags,
  { world, stop }: { readonly world: CommandWorld; readonly stop: AbortSignal },
): Promise<number> {
  const say = (line: string): unknown => world.stdout.write(`${line}\n`);
  for await (const line of client.lines("POST", `/cluster/rebalance?max=${max}&parallel=${parallel}`, {
    signal: stop,
  })) {
    const step = fields(line);
    const name = plain(text(step, "Name"));
    const way = `${name} from ${plain(text(step, "From"))} to ${plain(text(step, "To"))}`;
    switch (text(step, "Status")) {
      case "moving":
      case "moved":
        say(`${text(step, "Status")} ${way}`);
        break;
      case "stays":
        say(`${name} stays: ${plain(text(step, "Why"))}`);
        break;
      case "done":
        say(`${countOf(number(step, "Moved"))} moved, ${number(step, "Stayed")} stay`);
        return number(step, "Stayed") === 0 ? 0 : 1;
    }
    if (text(step, "error") !== "") throw new CommandError(plain(text(step, "error")));
  }
  if (stop.aborted) {
    say("No more moves begin; those under way are finished by the manager.");
    return INTERRUPTED;
  }
  throw new CommandError(
    "the manager ended its answer before all moves were made: see its log, and run the command again",
  );
}
