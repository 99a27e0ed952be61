import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { formatFlag, noOperands, oneOperand } from "./arguments.ts";
import { list, number, text } from "./fields.ts";
import type { rescheduleListFlags, rescheduleRetryFlags } from "./flags.ts";
import { ManagerClient } from "./manager-client.ts";
import { clipped, plain, plainJson, table } from "./plain.ts";

/** `swarm reschedule ls` @throws CommandError */
export async function rescheduleList(
  flags: FlagValues<typeof rescheduleListFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  noOperands("reschedule ls", positional, world);
  const format = formatFlag(flags.format);
  const { body } = await new ManagerClient(flags, world.env).ask("GET", "/cluster/reschedules");
  const moves = list(body);
  const full = flags["no-trunc"];
  if (flags.quiet) world.stdout.write(moves.map((move) => `${plain(text(move, "SwarmID"))}\n`).join(""));
  else if (format === "json") world.stdout.write(moves.map((move) => `${plainJson(move)}\n`).join(""));
  else {
    const nowMs = world.now().getTime();
    const rows = moves.map((move) => [
      text(move, "Name") || clipped(text(move, "SwarmID"), 12),
      clipped(text(move, "ContainerID"), 12, full),
      text(move, "From"),
      text(move, "Reason"),
      text(move, "State"),
      span(nowMs - Date.parse(text(move, "Since"))),
      String(number(move, "Attempts")),
      span(Date.parse(text(move, "NextTry")) - nowMs),
      clipped(text(move, "LastError"), 60, full),
    ]);
    const header = [
      "CONTAINER",
      "ID",
      "FROM",
      "REASON",
      "STATE",
      "SINCE",
      "ATTEMPTS",
      "NEXT TRY",
      "LAST ERROR",
    ];
    world.stdout.write(table(header, rows));
  }
  return 0;
}

/** `swarm reschedule retry CONTAINER` @throws CommandError */
export async function rescheduleRetry(
  flags: FlagValues<typeof rescheduleRetryFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  const container = oneOperand("reschedule retry", "CONTAINER", positional, world);
  const client = new ManagerClient(flags, world.env);
  await client.ask("POST", `/cluster/reschedules/${encodeURIComponent(container)}/retry`);
  world.stdout.write(`${plain(container)}\n`);
  return 0;
}

/** `42s`, `3m`, `5h`, `2d`; `-` for what is no time, `now` for what is over. */
function span(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  const seconds = Math.round(ms / 1_000);
  if (seconds <= 0) return "now";
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
